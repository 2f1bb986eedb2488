"""Whose booking it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models.functions import Lower

from clinical.mirror.apply import Organizer
from hospitals.models import Doctor
from integrations.models import CalLink


def doctor_of(organizer_id: int | None, organizer_email: str | None) -> Doctor | None:
    """The doctor linked to this Cal.com user; by email, in any case, only a doctor who has no link."""
    organizer = (organizer_id, organizer_email)
    return doctors_of([organizer]).get(organizer)


def doctors_of(organizers: Collection[Organizer]) -> dict[Organizer, Doctor]:
    """The same for many, by two queries at most. Who is unknown is left out."""
    linked = _by_link({user_id for user_id, _ in organizers if user_id is not None})
    unlinked = _by_email({email.lower() for user_id, email in organizers if email and user_id not in linked})
    found = {one: linked.get(one[0]) or unlinked.get((one[1] or "").lower()) for one in organizers}
    return {one: doctor for one, doctor in found.items() if doctor}


def note_absence(cal_user_id: int, *, start: dt.datetime, end: dt.datetime, told_at: dt.datetime) -> None:
    """Show on the doctor's link that Cal.com holds an absence which the hours kept here do not know."""
    links = CalLink.objects.filter(cal_user_id=cal_user_id).exclude(absence_told_at__gt=told_at)
    links.update(absence_from=start, absence_until=end, absence_told_at=told_at)


def _by_link(user_ids: Collection[int]) -> dict[int | None, Doctor]:
    doctors = Doctor.objects.select_related("hospital", "cal_link").filter(cal_link__cal_user_id__in=user_ids)
    return {doctor.cal_link.cal_user_id: doctor for doctor in doctors}


def _by_email(emails: Collection[str]) -> dict[str, Doctor]:
    doctors = Doctor.objects.select_related("hospital", "user").filter(cal_link__cal_user_id__isnull=True)
    found = doctors.alias(email=Lower("user__email")).filter(email__in=emails)
    return {(doctor.user.email or "").lower(): doctor for doctor in found}
