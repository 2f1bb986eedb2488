from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from hospitals.actions.hit_visits import NO_ANSWERS, VisitAnswers, settle_hit_visits
from hospitals.actions.hours_access import require_for_hours
from hospitals.models import Doctor, DoctorTimeOff
from hospitals.open_hours import hit_by_time_off
from hospitals.ports import booked_visits, schedule_publisher


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
    answers: VisitAnswers = NO_ANSWERS,
    by: User | None,
    at: dt.datetime,
) -> DoctorTimeOff:
    """Take a doctor's `[starts_at, ends_at)` off. `answers` say what becomes of the visits booked in it.

    Where nobody is there to be asked (`by` is None) these stay as they are.

    Raises: NotPermitted, TimeOffEndsBeforeStart, VisitsHit (for visits without an answer: nothing is saved).
    """
    if ends_at <= starts_at:
        raise TimeOffEndsBeforeStart
    locked = _lock(doctor, by)
    if by is not None:
        hit = hit_by_time_off(booked_visits().booked(locked.pk, at=at), start=starts_at, end=ends_at)
        settle_hit_visits(hit, answers=answers, cause="time_off", by=by, at=at)
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
    """Take the time off back. Doing it twice is the same as once. Raises: NotPermitted."""
    locked = _lock(time_off.doctor, by)
    removed, _by_model = DoctorTimeOff.objects.filter(pk=time_off.pk).delete()
    if removed:
        _announce(locked, by=by, reason="time off cancelled")


def _lock(doctor: Doctor, by: User | None) -> Doctor:
    locked: Doctor = Doctor.objects.select_for_update(of=("self",), no_key=True).get(pk=doctor.pk)
    require_for_hours(by, locked)
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
