from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from hospitals.actions.hit_visits import NO_ANSWERS, VisitAnswers, settle_hit_visits
from hospitals.actions.hours_access import require_for_hours
from hospitals.hours import Window, in_order
from hospitals.models import Doctor, DoctorAvailability
from hospitals.open_hours import BookedVisit, hit_by_hours
from hospitals.ports import booked_visits, schedule_publisher
from hospitals.zones import zone_of


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
    zone = zone_of(doctor.hospital)
    if zone is None:
        return []  # hours without a zone were never published, and mean no moment in time
    time_off = list(doctor.time_off.filter(ends_at__gt=at).values_list("starts_at", "ends_at"))
    visits = booked_visits().booked(doctor.pk, at=at)
    return hit_by_hours(visits, before=before, after=after, time_off=time_off, zone=zone)
