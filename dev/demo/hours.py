"""When the demo's doctors work, and which times of a day can hold an appointment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MIDNIGHT_AS_END = dt.time(23, 59)
SATURDAY, SUNDAY = 6, 7
Hours = dict[int, tuple[str, ...]]
FULL_DAY = ("08:00-12:00", "13:00-17:00")
LATE_DAY = ("09:00-13:00", "13:30-18:00")
MORNING = ("08:00-13:00",)
WEEKEND_SURGERY = ("09:00-12:00",)
NIGHT = ("00:00-06:00", "18:00-23:59")
WORKDAYS: Hours = dict.fromkeys((1, 2, 3, 4, 5), FULL_DAY)
PATTERNS: dict[str, Hours] = {
    "all week": WORKDAYS,
    "nights": {2: NIGHT, 5: NIGHT, SATURDAY: NIGHT, SUNDAY: NIGHT},
    "mornings": dict.fromkeys((1, 2, 4, 5), MORNING) | {3: FULL_DAY, SATURDAY: WEEKEND_SURGERY},
    "four days": dict.fromkeys((1, 2, 4), FULL_DAY) | {5: MORNING},
    "late": dict.fromkeys((1, 3, 4, 5), LATE_DAY),
    "part time": {1: LATE_DAY, 3: MORNING, 4: LATE_DAY},
}
# A night is for who comes without an appointment: its last booked one has begun by then.
EVENING_BEGINS, EVENING_ENDS = dt.time(18), dt.time(22)
# Of a day like others, the fewest and the most that are booked with a doctor; of a weekend or an evening.
BUSY, QUIET = (9, 17), (3, 6)


@dataclass(frozen=True, slots=True)
class Window:
    """Wall-clock time of a weekday, 1 being Monday; an end of 23:59 means midnight."""

    day: int
    start: dt.time
    end: dt.time


def windows_of(pattern: str, *, today: int, is_shown: bool) -> list[Window]:
    """The doctor whose sign-in is shown has weekend duty where the demo is first looked at on such a day."""
    week = PATTERNS[pattern]
    if is_shown and today not in week:
        week = {day: hours for day, hours in week.items() if day > today - 5} | {today: WEEKEND_SURGERY}
    return [_window(day, text) for day in sorted(week) for text in week[day]]


def bookable_times(
    windows: list[Window], day: dt.date, *, zone: ZoneInfo, length: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Start and end in UTC of what can be booked, in order; none overlap, also where clocks change. No nights."""
    for window in windows:
        if window.day != day.isoweekday() or window.start < dt.time(6):
            continue
        last = EVENING_ENDS if window.start >= EVENING_BEGINS else window.end
        start = dt.datetime.combine(day, window.start, zone).astimezone(dt.UTC)
        end = dt.datetime.combine(day, last, zone).astimezone(dt.UTC)
        while start + length <= end:
            yield start, start + length
            start += length


def bounds_of_day(windows: list[Window], day: dt.date) -> tuple[int, int]:
    """The fewest and the most appointments of a doctor that are booked for a day in the end."""
    starts = [window.start for window in windows if window.day == day.isoweekday()]
    if not starts:
        return 0, 0
    is_quiet = day.isoweekday() in (SATURDAY, SUNDAY) or max(starts) >= EVENING_BEGINS
    return QUIET if is_quiet else BUSY


def _window(day: int, text: str) -> Window:
    start, _, end = text.partition("-")
    return Window(day, dt.time.fromisoformat(start), dt.time.fromisoformat(end))
