from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.permissions import Permission, require
from hospitals.actions.staff_rows import record_change
from hospitals.models import Doctor, Hospital
from hospitals.ports import schedule_publisher

# The database holds the rule: this app knows no visits.
_RULE = "doctors_move_without_open_records"


class DoctorHasOpenRecords(Exception):
    """Visits that are booked, or prescriptions not dispensed yet, would be left at a hospital without their doctor."""

    code = "doctor_has_open_records"


@transaction.atomic
def move_doctor(*, doctor: Doctor, hospital: Hospital, by: User | None, at: dt.datetime) -> None:
    """The doctor works at another hospital from now on. What they wrote, and visits that were, stay with the old one;
    weekly hours go along, and are published again in the new one's zone.

    Raises: NotPermitted, DoctorHasOpenRecords.
    """
    require(by, Permission.MANAGE_HOSPITALS)
    user = User.objects.select_for_update().get(pk=doctor.pk)
    old = user.hospital_id
    if old == hospital.pk:
        return
    try:
        with transaction.atomic():
            # The doctor's row follows by its foreign key, and is refused there.
            User.objects.filter(pk=user.pk).update(hospital=hospital)
    except IntegrityError as error:
        if _rule_of(error) == _RULE:
            raise DoctorHasOpenRecords from None
        raise
    schedule_publisher().want(user.pk)
    record_change(user, by=by, reason="moved away", hospital_id=old)
    record_change(user, by=by, reason="moved here", hospital_id=hospital.pk)


def _rule_of(error: IntegrityError) -> str | None:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
