"""What a page with a doctor's week and time off shows: the admin's in the portal, the doctor's own in the dashboard."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from hospitals.forms import TimeOffForm
from hospitals.hours import Window, join_shifts
from hospitals.models import Doctor
from hospitals.ports import booked_visits, schedule_publisher
from hospitals.time_off_rows import time_off_rows
from hospitals.week_form import WeekForm, rows_of
from hospitals.zones import zone_of

# Decisions shown beside the hours; older ones are in the access log.
MOST_DECIDED = 50


def hours_context(
    doctor: Doctor,
    *,
    by: User,
    at: dt.datetime,
    week: WeekForm | None = None,
    time_off_form: TimeOffForm | None = None,
) -> dict[str, Any]:
    """For the template. A `week` or `time_off_form` that was typed and is not saved takes the place of what is."""
    zone = zone_of(doctor.hospital)
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
