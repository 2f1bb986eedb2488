"""Whose booking it is."""

from __future__ import annotations

import datetime as dt

from hospitals.models import Doctor
from integrations.models import CalLink


def doctor_of(organizer_id: int | None, organizer_email: str | None) -> Doctor | None:
    """The doctor linked to this Cal.com user; by email, in any case, only a doctor who has no link."""
    doctors = Doctor.objects.select_related("hospital")
    found: Doctor | None = None
    if organizer_id is not None:
        found = doctors.filter(cal_link__cal_user_id=organizer_id).first()
    if found is None and organizer_email:
        found = doctors.filter(user__email__iexact=organizer_email, cal_link__cal_user_id__isnull=True).first()
    return found


def note_absence(cal_user_id: int, *, start: dt.datetime, end: dt.datetime, told_at: dt.datetime) -> None:
    """Show on the doctor's link that Cal.com holds an absence which the hours kept here do not know."""
    links = CalLink.objects.filter(cal_user_id=cal_user_id).exclude(absence_told_at__gt=told_at)
    links.update(absence_from=start, absence_until=end, absence_told_at=told_at)
