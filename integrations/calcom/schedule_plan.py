"""A doctor's hours and time off as the exact Cal.com schedule: pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from hospitals.hours.open_hours import LAST_MINUTE, Period, WeeklyWindow
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import Schedule, ScheduleOverride, ScheduleWindow
from integrations.calcom.schedule_shape import CLOSED, DAY_NAMES

SCHEDULE_NAME = "Wardbook hours"

# Wall-clock minutes of one day; 1440 is midnight at its end.
_Minutes = tuple[int, int]
MIDNIGHT = 24 * 60


def wanted_schedule(
    windows: Iterable[WeeklyWindow], time_off: Iterable[Period], *, zone: ZoneInfo, today: dt.date
) -> ScheduleInput:
    """The whole desired state: weekly hours, and for each date from `today` with time off what is left of them.

    Cal.com lets the entries of a date replace the weekday's hours; 00:00 to 00:00 closes the date.
    """
    weekly = sorted(windows)
    return ScheduleInput(
        time_zone=zone.key,
        availability=[
            ScheduleWindow(days=(DAY_NAMES[day - 1],), start_time=f"{opens:%H:%M}", end_time=f"{closes:%H:%M}")
            for day, opens, closes in weekly
        ],
        overrides=list(_overrides(weekly, sorted(time_off), zone, today)),
        name=SCHEDULE_NAME,
    )


def schedule_hash(schedule: ScheduleInput | Schedule) -> str:
    """Equal for schedules that mean the same, however Cal.com groups their days."""
    availability = sorted(
        (day, window.start_time, window.end_time) for window in schedule.availability for day in window.days
    )
    overrides = sorted((one.date[:10], one.start_time, one.end_time) for one in schedule.overrides)
    canonical = json.dumps([schedule.time_zone, availability, overrides])
    return hashlib.sha256(canonical.encode()).hexdigest()


def _overrides(
    weekly: list[WeeklyWindow], time_off: list[Period], zone: ZoneInfo, today: dt.date
) -> Iterator[ScheduleOverride]:
    for day in sorted({day for period in time_off for day in _days(period, zone) if day >= today}):
        hours = [(_minute(a), _minute(b)) for weekday, a, b in weekly if weekday == day.isoweekday()]
        if not hours:
            continue  # closed already; an override on an off day is known to misbehave
        off = [_part_of(period, day, zone) for period in time_off if day in _days(period, zone)]
        left = [piece for window in hours for piece in _minus(window, off)]
        if left == hours:
            continue
        for start, end in [(_clock(a), _clock(b)) for a, b in left] or [CLOSED]:
            yield ScheduleOverride(date=day.isoformat(), start_time=start, end_time=end)


def _days(period: Period, zone: ZoneInfo) -> list[dt.date]:
    first = period[0].astimezone(zone).date()
    last = (period[1].astimezone(zone) - dt.timedelta(microseconds=1)).date()
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _part_of(period: Period, day: dt.date, zone: ZoneInfo) -> _Minutes:
    start, end = (moment.astimezone(zone) for moment in period)
    return (
        start.hour * 60 + start.minute if start.date() == day else 0,
        end.hour * 60 + end.minute if end.date() == day else MIDNIGHT,
    )


def _minus(window: _Minutes, off: list[_Minutes]) -> list[_Minutes]:
    pieces = [window]
    for start, end in off:
        pieces = [piece for a, b in pieces for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return pieces


def _minute(time: dt.time) -> int:
    return MIDNIGHT if time >= LAST_MINUTE else time.hour * 60 + time.minute


def _clock(minute: int) -> str:
    return "23:59" if minute == MIDNIGHT else f"{minute // 60:02}:{minute % 60:02}"
