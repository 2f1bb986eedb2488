"""Booked visits that a change of hours or a time off hits: nobody saves either without saying what becomes of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from core.refusals import Conflict, Invalid
from core.times import known_zone
from hospitals.hours.open_hours import BookedVisit, hit_by_hours, hit_by_time_off
from hospitals.hours.windows import Window, in_order
from hospitals.models import Doctor, DoctorAvailability, DoctorTimeOff, Hospital
from hospitals.ports import DecisionCause, VisitChoice, booked_visits, schedule_publisher


class VisitsHit(Exception):
    """Some of the visits that are hit have no answer. `visits` are all that are hit, by start."""

    code = "visits_hit"

    def __init__(self, visits: Sequence[BookedVisit]) -> None:
        super().__init__(self.code)
        self.visits = visits


@dataclass(frozen=True, slots=True)
class VisitAnswers:
    """A choice for each visit that was shown. `rest` is for those that begin after `rest_after`: too many to show.

    `reason` is told to the patients of visits that are cancelled or to be moved.
    """

    choices: Mapping[uuid.UUID, VisitChoice] = field(default_factory=dict)
    rest: VisitChoice | None = None
    rest_after: dt.datetime | None = None
    reason: str = ""

    def choice_for(self, visit: BookedVisit) -> VisitChoice | None:
        if visit.id in self.choices or self.rest_after is None:
            return self.choices.get(visit.id)
        return self.rest if visit.start > self.rest_after else None


NO_ANSWERS = VisitAnswers()


def settle_hit_visits(
    visits: Sequence[BookedVisit], *, answers: VisitAnswers, cause: DecisionCause, by: User, at: dt.datetime
) -> None:
    """Decide about each visit as answered, in the caller's transaction.

    Raises: VisitsHit, Refused.
    """
    choices = {visit.id: choice for visit in visits if (choice := answers.choice_for(visit))}
    if len(choices) != len(visits):
        raise VisitsHit(visits)
    if choices:
        booked_visits().decide(choices, cause=cause, reason=answers.reason, by=by, at=at)


def require_for_hours(by: User | None, doctor: Doctor) -> None:
    """Hours and time off are the doctor's own to change, and their hospital's admins'. Raises: NotPermitted."""
    is_own = by is not None and by.pk == doctor.pk
    require(by, Permission.TREAT_PATIENTS if is_own else Permission.MANAGE_HOURS, hospital=doctor.hospital_id)


@transaction.atomic
def replace_weekly_hours(
    *,
    doctor: Doctor,
    windows: Iterable[Window],
    answers: VisitAnswers = NO_ANSWERS,
    by: User | None,
    at: dt.datetime,
) -> tuple[Window, ...]:
    """Make these the doctor's weekly hours, and ask for them to be published. Rows that stay are left alone.

    `answers` say what becomes of booked visits that lay inside the hours and no longer do. Where nobody is there to
    be asked (`by` is None) these stay as they are.

    Raises: NotPermitted, OverlappingWindows, VisitsHit (for visits without an answer: nothing is saved).
    """
    wanted = in_order(windows)
    # Whoever saves second waits here, and then replaces the first plan whole: two plans never mix.
    locked = Doctor.objects.select_for_update(of=("self",), no_key=True).get(pk=doctor.pk)
    require_for_hours(by, locked)
    kept = {Window(row.day_of_week, row.start_time, row.end_time): row.pk for row in locked.availability.all()}
    stale = [pk for window, pk in kept.items() if window not in wanted]
    missing = [window for window in wanted if window not in kept]
    if not stale and not missing:
        return wanted
    if by is not None:
        hit = _hit(locked, kept.keys(), wanted, at)
        settle_hit_visits(hit, answers=answers, cause="hours", by=by, at=at)
    DoctorAvailability.objects.filter(pk__in=stale).delete()
    DoctorAvailability.objects.bulk_create(
        DoctorAvailability(doctor=locked, day_of_week=w.day, start_time=w.start, end_time=w.end) for w in missing
    )
    schedule_publisher().want(locked.pk)
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOURS,
        object_kind="doctor",
        object_id=locked.pk,
        hospital_id=locked.hospital_id,
    )
    return wanted


def _hit(doctor: Doctor, before: Collection[Window], after: Collection[Window], at: dt.datetime) -> list[BookedVisit]:
    zone = known_zone(doctor.hospital.time_zone)
    if zone is None:
        return []  # hours without a zone were never published, and mean no moment in time
    time_off = list(doctor.time_off.filter(ends_at__gt=at).values_list("starts_at", "ends_at"))
    visits = booked_visits().booked(doctor.pk, at=at)
    return hit_by_hours(visits, before=before, after=after, time_off=time_off, zone=zone)


@transaction.atomic
def save_hospital(*, hospital: Hospital, by: User | None, at: dt.datetime) -> Hospital:
    """Keep a checked hospital, new or changed. Another zone moves every doctor's hours, so all are published again.

    Raises: NotPermitted.
    """
    require(by, Permission.MANAGE_HOSPITALS)
    earlier = Hospital.objects.select_for_update().filter(pk=hospital.pk).first() if hospital.pk else None
    hospital.save()
    if earlier and earlier.time_zone != hospital.time_zone:
        for doctor_id in hospital.doctors.order_by("pk").values_list("pk", flat=True):
            schedule_publisher().want(doctor_id)
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOSPITAL,
        object_kind="hospital",
        object_id=hospital.pk,
        hospital_id=hospital.pk,
        reason="changed" if earlier else "added",
    )
    return hospital


class TimeOffEndsBeforeStart(Exception):
    code = "time_off_ends_before_start"


class TimeOffOver(Invalid):
    code = "time_off_over"
    message = _("This period is already over.")


class TimeOffTaken(Conflict):
    code = "time_off_taken"
    message = _("This period is already time off.")


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

    Raises: NotPermitted, TimeOffEndsBeforeStart, TimeOffOver, TimeOffTaken, VisitsHit (for visits without an
    answer: nothing is saved).
    """
    if ends_at <= starts_at:
        raise TimeOffEndsBeforeStart
    if ends_at <= at:
        raise TimeOffOver
    locked = _lock(doctor, by)
    if locked.time_off.filter(starts_at__lte=starts_at, ends_at__gte=ends_at).exists():
        raise TimeOffTaken
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
