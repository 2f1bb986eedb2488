"""Whose booking it is."""

from __future__ import annotations

from hospitals.models import Doctor


def doctor_of(organizer_id: int | None, organizer_email: str | None) -> Doctor | None:
    """The doctor linked to this Cal.com user; by email, in any case, only a doctor who has no link."""
    doctors = Doctor.objects.select_related("hospital")
    found: Doctor | None = None
    if organizer_id is not None:
        found = doctors.filter(cal_link__cal_user_id=organizer_id).first()
    if found is None and organizer_email:
        found = doctors.filter(user__email__iexact=organizer_email, cal_link__cal_user_id__isnull=True).first()
    return found
