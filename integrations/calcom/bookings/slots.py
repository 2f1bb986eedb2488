"""A doctor's free times: from Cal.com, cached for a moment; from our own hours when it does not answer."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

import structlog
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from clinical.models import Appointment
from clinical.ports import Slot, Slots
from core.times import known_zone, zone_or_utc
from hospitals.hours.free_slots import free_slots
from hospitals.hours.open_hours import Period, WeeklyWindow
from hospitals.models import Doctor
from integrations.calcom.api.budget import (
    SLOTS_A_HOSPITAL,
    SLOTS_A_PATIENT,
    SLOTS_A_WINDOW,
    SLOTS_KEPT_FOR_OTHERS,
    Share,
)
from integrations.calcom.api.errors import CalcomError, CalcomUnavailable
from integrations.calcom.api.factory import calcom_client
from integrations.models import CalLink

log = structlog.get_logger(__name__)

CACHE_SECONDS = 30
# Cal.com did not answer: for so long nobody else waits for it.
LEFT_ALONE_SECONDS = 5
LEFT_ALONE = "slots-left-alone"
# A patient may look at a list of free times for so long before choosing.
OFFERED_SECONDS = 60 * 60
_DAY = dt.timedelta(days=1)
_MINUTE = dt.timedelta(minutes=1)


def read_slots(
    doctor: Doctor, *, start: dt.datetime, end: dt.datetime, time_zone: str, asked_by: uuid.UUID | None = None
) -> Slots:
    within = _whole_days(start, end, doctor)
    found = _calcom_slots(doctor, within, asked_by)
    source: Literal["calcom", "local"] = "calcom" if found else "local"
    periods, as_of = found or _local_slots(doctor, within)
    zone = ZoneInfo(time_zone)
    asked_for = [Slot(a.astimezone(zone), b.astimezone(zone)) for a, b in periods if start <= a < end]
    return Slots(asked_for, source, as_of)


def is_offered(doctor: Doctor, start: dt.datetime) -> bool:
    """Whether `start` is a time at which patients may be sent to Cal.com; whether it is free is not looked at.

    It is what was offered within the hour, by Cal.com or from our hours, or what our hours would offer now.
    """
    if start.second or start.microsecond:
        return False
    if cache.get(_offered_key(doctor, start)):
        return True
    within = _whole_days(start, start + _MINUTE, doctor)
    hours, off = _hours(doctor), _time_off(doctor, within)
    busy = [*off, *_visits(doctor, within)]
    lists = (_free(doctor, hours, within, busy=off), _free(doctor, hours, within, busy=busy))
    return any(start == begin for periods in lists for begin, _end in periods)


def _whole_days(start: dt.datetime, end: dt.datetime, doctor: Doctor) -> Period:
    """The days of the hospital that `[start, end)` touches, and one more to either side.

    Cal.com's times begin with the range asked for: in the middle of a night shift they would be others each day.
    """
    zone = zone_or_utc(doctor.hospital.time_zone)
    first = start.astimezone(zone).date() - _DAY
    last = (end.astimezone(zone) - dt.timedelta(microseconds=1)).date() + _DAY
    return _midnight(first, zone), _midnight(last + _DAY, zone)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _calcom_slots(
    doctor: Doctor, within: Period, asked_by: uuid.UUID | None
) -> tuple[list[Period], dt.datetime] | None:
    link = CalLink.objects.filter(doctor=doctor).first()
    if link is None or link.cal_event_type_id is None:
        return None
    key = _key(doctor, within)
    kept: tuple[list[tuple[str, str]], str] | None = cache.get(key)
    if kept is not None:
        return [(_at(start), _at(end)) for start, end in kept[0]], _at(kept[1])
    if cache.get(LEFT_ALONE):
        return None
    zone = zone_or_utc(doctor.hospital.time_zone)
    found = _from_calcom(link.cal_event_type_id, within, zone, _shares(doctor, asked_by))
    if found is not None:
        periods, as_of = found
        texts = [(start.isoformat(), end.isoformat()) for start, end in periods]
        cache.set(key, (texts, as_of.isoformat()), timeout=CACHE_SECONDS)
        _remember(doctor, periods)
    return found


def _key(doctor: Doctor, within: Period) -> str:
    # Part of the key: a change of the doctor's bookings makes every older answer unreachable.
    since = cache.get(f"slots-since:{doctor.pk}", 0)
    return f"slots:{doctor.pk}:{since}:{within[0]:%Y%m%dT%H%M}:{within[1]:%Y%m%dT%H%M}"


def _shares(doctor: Doctor, asked_by: uuid.UUID | None) -> list[Share]:
    """Nobody's curiosity takes the free times from everybody else: who has used up a share gets our own reckoning."""
    hospital = Share(f"hospital:{doctor.hospital_id}", SLOTS_A_HOSPITAL, SLOTS_A_WINDOW - SLOTS_KEPT_FOR_OTHERS)
    return [hospital] if asked_by is None else [hospital, Share(f"patient:{asked_by}", SLOTS_A_PATIENT)]


def _from_calcom(
    event_type_id: int, within: Period, zone: ZoneInfo, shares: Sequence[Share]
) -> tuple[list[Period], dt.datetime] | None:
    if not connection.in_atomic_block:
        connection.close()  # others may have it while this one waits
    client = calcom_client(purpose="slots", shares=shares)
    try:
        days = client.slots(event_type_id=event_type_id, start=within[0], end=within[1], time_zone=zone.key)
    except CalcomError as error:
        if isinstance(error, CalcomUnavailable):
            cache.set(LEFT_ALONE, True, timeout=LEFT_ALONE_SECONDS)
        log.warning("calcom.slots_unavailable", outcome=error.code)
        return None
    finally:
        client.close()
    return sorted((slot.start, slot.end) for day in days.values() for slot in day), timezone.now()


def _local_slots(doctor: Doctor, within: Period) -> tuple[list[Period], dt.datetime]:
    """Hours minus time off minus visits. Empty for a hospital without a zone: its hours mean nothing then."""
    now = timezone.now()
    busy = [*_time_off(doctor, within), *_visits(doctor, within)]
    not_before = now + dt.timedelta(minutes=doctor.hospital.booking_notice_minutes)
    periods = list(_free(doctor, _hours(doctor), within, busy=busy, not_before=not_before))
    _remember(doctor, periods)
    return periods, now


def _free(
    doctor: Doctor,
    hours: Iterable[WeeklyWindow],
    within: Period,
    *,
    busy: Iterable[Period],
    not_before: dt.datetime | None = None,
) -> Iterable[Period]:
    zone = known_zone(doctor.hospital.time_zone)
    if zone is None:
        return []
    return free_slots(
        hours,
        busy=busy,
        within=within,
        zone=zone,
        length=dt.timedelta(minutes=doctor.hospital.visit_length_minutes),
        not_before=not_before or within[0],
    )


def _hours(doctor: Doctor) -> list[WeeklyWindow]:
    return list(doctor.availability.values_list("day_of_week", "start_time", "end_time"))


def _visits(doctor: Doctor, within: Period) -> list[Period]:
    """Each with the hospital's buffer to either side: a visit needs it after itself, and so does the one before."""
    buffer = dt.timedelta(minutes=doctor.hospital.buffer_minutes)
    rows = Appointment.objects.filter(
        doctor=doctor,
        status=Appointment.Status.SCHEDULED,
        start_ts__lt=within[1] + buffer,
        end_ts__gt=within[0] - buffer,
    )
    return [(start - buffer, end + buffer) for start, end in rows.values_list("start_ts", "end_ts")]


def _time_off(doctor: Doctor, within: Period) -> list[Period]:
    rows = doctor.time_off.filter(starts_at__lt=within[1], ends_at__gt=within[0])
    return list(rows.values_list("starts_at", "ends_at"))


def _remember(doctor: Doctor, periods: Iterable[Period]) -> None:
    """Each start has a key of its own, so that lists remembered at the same moment all count."""
    cache.set_many({_offered_key(doctor, start): True for start, _end in periods}, timeout=OFFERED_SECONDS)


_at = dt.datetime.fromisoformat


def _offered_key(doctor: Doctor, start: dt.datetime) -> str:
    return f"slots-offered:{doctor.pk}:{int(start.timestamp()) // 60}"
