from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.audit import AccessAction, record_access
from accounts.models import User
from hospitals.models import Doctor, DoctorTimeOff
from hospitals.ports import schedule_publisher


class TimeOffEndsBeforeStart(Exception):
    code = "time_off_ends_before_start"


@transaction.atomic
def add_time_off(
    *,
    doctor: Doctor,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    is_whole_days: bool,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> DoctorTimeOff:
    """Take a doctor's `[starts_at, ends_at)` off. Visits already booked in it stay; who cancels them is a person.

    Raises: TimeOffEndsBeforeStart.
    """
    if ends_at <= starts_at:
        raise TimeOffEndsBeforeStart
    locked = _lock(doctor)
    time_off = DoctorTimeOff.objects.create(
        doctor=locked,
        starts_at=starts_at,
        ends_at=ends_at,
        is_whole_days=is_whole_days,
        reason=reason,
        created_by=by,
    )
    _announce(locked, by=by, reason="time off added")
    return time_off


@transaction.atomic
def cancel_time_off(*, time_off: DoctorTimeOff, by: User | None, at: dt.datetime) -> None:
    """Take the time off back. Doing it twice is the same as once."""
    locked = _lock(time_off.doctor)
    removed, _by_model = DoctorTimeOff.objects.filter(pk=time_off.pk).delete()
    if removed:
        _announce(locked, by=by, reason="time off cancelled")


def _lock(doctor: Doctor) -> Doctor:
    locked: Doctor = Doctor.objects.select_for_update(of=("self",), no_key=True).get(pk=doctor.pk)
    return locked


def _announce(doctor: Doctor, *, by: User | None, reason: str) -> None:
    schedule_publisher().want(doctor.pk)
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOURS,
        object_kind="doctor",
        object_id=doctor.pk,
        hospital_id=doctor.hospital_id,
        reason=reason,
    )
