"""What a page with a doctor's week and time off shows: the admin's in the portal, the doctor's own in the dashboard."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.models import User
from core.times import known_zone
from hospitals.hours.forms import Rows, TimeOffForm, WeekForm, rows_of
from hospitals.hours.windows import Window, format_span, join_shifts
from hospitals.models import Doctor, DoctorAvailability, DoctorTimeOff
from hospitals.ports import booked_visits, schedule_publisher

# Decisions shown beside the hours; older ones are in the access log.
MOST_DECIDED = 50


@dataclass(frozen=True, slots=True)
class TimeOffRow:
    pk: uuid.UUID
    text: str
    reason: str


def time_off_rows(doctor: Doctor, *, at: dt.datetime) -> list[TimeOffRow]:
    """What is not over yet; one query."""
    zone = known_zone(doctor.hospital.time_zone)
    return [TimeOffRow(off.pk, span_text(off, zone), off.reason) for off in doctor.time_off.filter(ends_at__gt=at)]


def week_text(windows: Iterable[Window]) -> str:
    """The week on one line, for a page that no longer shows the form."""
    shifts = join_shifts(windows)
    return ", ".join(f"{WEEKDAYS_ABBR[one.day - 1]} {format_span(one.start, one.end)}" for one in shifts)


def span_text(off: DoctorTimeOff, zone: zoneinfo.ZoneInfo | None) -> str:
    start, end = localtime(off.starts_at, zone), localtime(off.ends_at, zone)
    if not off.is_whole_days:
        return f"{date_format(start, 'j M Y, H:i')} \N{EN DASH} {date_format(end, 'j M Y, H:i')}"
    # It ends at the midnight after its last day.
    first, last = start.date(), (end - dt.timedelta(seconds=1)).date()
    days = [first] if first == last else [first, last]
    return " \N{EN DASH} ".join(date_format(day, "j M Y") for day in days)


def hours_context(
    doctor: Doctor,
    *,
    by: User,
    at: dt.datetime,
    week: WeekForm | None = None,
    time_off_form: TimeOffForm | None = None,
) -> dict[str, Any]:
    """For the template. A `week` or `time_off_form` that was typed and is not saved takes the place of what is."""
    zone = known_zone(doctor.hospital.time_zone)
    return {
        "doctor": doctor,
        "week": week or WeekForm(rows_of(join_shifts(windows_of(doctor))), is_bound=False),
        "is_unsaved": week is not None,
        "state": schedule_publisher().state(doctor.pk),
        "zone": zone,
        "time_off": time_off_rows(doctor, at=at),
        "time_off_form": time_off_form or TimeOffForm(zone=zone),
        "decided": booked_visits().decided(doctor.pk, by=by, at=at, limit=MOST_DECIDED + 1),
        "most_decided": MOST_DECIDED,
    }


def windows_of(doctor: Doctor) -> list[Window]:
    return [Window(row.day_of_week, row.start_time, row.end_time) for row in doctor.availability.all()]


def colleagues_with_hours(doctor: Doctor, *, by: User) -> list[Doctor]:
    has_hours = Exists(DoctorAvailability.objects.filter(doctor=OuterRef("pk")))
    rows = Doctor.objects.for_user(by).active().filter(has_hours, hospital=doctor.hospital_id).exclude(pk=doctor.pk)
    return list(rows.with_names().order_by("user__profile__full_name", "pk"))


def rows_of_colleague(doctor: Doctor, typed: str, *, by: User) -> Rows | None:
    """The form's rows of a colleague's week; None where what was typed is nobody of `colleagues_with_hours`."""
    chosen = next((one for one in colleagues_with_hours(doctor, by=by) if str(one.pk) == typed), None)
    if chosen is None:
        return None
    windows = [Window(row.day_of_week, row.start_time, row.end_time) for row in chosen.availability.all()]
    return rows_of(join_shifts(windows))
