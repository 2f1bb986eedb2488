"""A doctor's free times: from Cal.com, cached for a moment; from our own hours when it does not answer."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import structlog
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from clinical.models import Appointment
from clinical.ports import Slot, Slots
from core.times import known_zone
from hospitals.hours.open_hours import free_slots
from hospitals.models import Doctor
from integrations.calcom.api.errors import CalcomError, CalcomUnavailable
from integrations.calcom.api.factory import calcom_client
from integrations.models import CalLink

log = structlog.get_logger(__name__)

CACHE_SECONDS = 30
# Cal.com did not answer: for so long nobody else waits for it.
LEFT_ALONE_SECONDS = 5
LEFT_ALONE = "slots-left-alone"


def read_slots(doctor: Doctor, *, start: dt.datetime, end: dt.datetime, time_zone: str) -> Slots:
    link = CalLink.objects.filter(doctor=doctor).first()
    if link is None or link.cal_event_type_id is None:
        return _local(doctor, start, end, time_zone)
    key = _key(doctor, start, end)
    cached: tuple[list[tuple[dt.datetime, dt.datetime]], dt.datetime] | None = cache.get(key)
    if cached is None:
        cached = None if cache.get(LEFT_ALONE) else _from_calcom(link.cal_event_type_id, start, end)
        if cached is None:
            return _local(doctor, start, end, time_zone)
        cache.set(key, cached, timeout=CACHE_SECONDS)
    periods, as_of = cached
    zone = ZoneInfo(time_zone)
    return Slots([Slot(a.astimezone(zone), b.astimezone(zone)) for a, b in periods], "calcom", as_of)


def _key(doctor: Doctor, start: dt.datetime, end: dt.datetime) -> str:
    # Part of the key: a change of the doctor's bookings makes every older answer unreachable.
    since = cache.get(f"slots-since:{doctor.pk}", 0)
    return f"slots:{doctor.pk}:{since}:{start:%Y%m%dT%H%M%z}:{end:%Y%m%dT%H%M%z}"


def _from_calcom(
    event_type_id: int, start: dt.datetime, end: dt.datetime
) -> tuple[list[tuple[dt.datetime, dt.datetime]], dt.datetime] | None:
    if not connection.in_atomic_block:
        connection.close()  # others may have it while this one waits
    client = calcom_client(purpose="slots")
    try:
        days = client.slots(event_type_id=event_type_id, start=start, end=end)
    except CalcomError as error:
        if isinstance(error, CalcomUnavailable):
            cache.set(LEFT_ALONE, True, timeout=LEFT_ALONE_SECONDS)
        log.warning("calcom.slots_unavailable", outcome=error.code)
        return None
    finally:
        client.close()
    found = sorted((slot.start, slot.end) for day in days.values() for slot in day)
    return [(a, b) for a, b in found if start <= a < end], timezone.now()


def _local(doctor: Doctor, start: dt.datetime, end: dt.datetime, time_zone: str) -> Slots:
    """Hours minus time off minus visits. Empty for a hospital without a zone: its hours mean nothing then."""
    now = timezone.now()
    hospital = doctor.hospital
    hours_zone = known_zone(hospital.time_zone)
    if hours_zone is None:
        return Slots([], "local", now)
    visits = Appointment.objects.filter(
        doctor=doctor, status=Appointment.Status.SCHEDULED, start_ts__lt=end, end_ts__gt=start
    )
    off = doctor.time_off.filter(starts_at__lt=end, ends_at__gt=start)
    busy = [*visits.values_list("start_ts", "end_ts"), *off.values_list("starts_at", "ends_at")]
    periods = free_slots(
        doctor.availability.values_list("day_of_week", "start_time", "end_time"),
        busy=busy,
        start=start,
        end=end,
        zone=hours_zone,
        length=dt.timedelta(minutes=hospital.visit_length_minutes),
        not_before=now + dt.timedelta(minutes=hospital.booking_notice_minutes),
    )
    zone = ZoneInfo(time_zone)
    return Slots([Slot(a.astimezone(zone), b.astimezone(zone)) for a, b in periods], "local", now)
