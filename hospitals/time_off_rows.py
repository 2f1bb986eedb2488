"""A doctor's planned time off as pages list it."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime

from hospitals.models import Doctor, DoctorTimeOff
from hospitals.zones import zone_of


@dataclass(frozen=True, slots=True)
class TimeOffRow:
    pk: uuid.UUID
    text: str
    reason: str


def time_off_rows(doctor: Doctor, *, at: dt.datetime) -> list[TimeOffRow]:
    """What is not over yet; one query."""
    zone = zone_of(doctor.hospital)
    return [TimeOffRow(off.pk, _span_text(off, zone), off.reason) for off in doctor.time_off.filter(ends_at__gt=at)]


def _span_text(off: DoctorTimeOff, zone: zoneinfo.ZoneInfo | None) -> str:
    start, end = localtime(off.starts_at, zone), localtime(off.ends_at, zone)
    if not off.is_whole_days:
        return f"{date_format(start, 'j M Y, H:i')} - {date_format(end, 'j M Y, H:i')}"
    # It ends at the midnight after its last day.
    first, last = start.date(), (end - dt.timedelta(seconds=1)).date()
    days = [first] if first == last else [first, last]
    return " - ".join(date_format(day, "j M Y") for day in days)
