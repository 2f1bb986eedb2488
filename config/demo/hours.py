"""Weekly hours of the demo doctors, and the visits that fit into a day. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

WORKDAYS = (1, 2, 3, 4, 5)
MIDNIGHT_AS_END = dt.time(23, 59)

FULL_DAY = ("08:00-12:00", "13:00-17:00")
MORNING = ("08:00-12:00",)
LATE_DAY = ("09:00-12:30", "13:30-18:00")
# The doctor whose sign-in is shown first has something to do whenever a visitor looks.
OPEN_HOUSE = ("07:00-12:00", "12:30-17:00", "17:30-22:00")
NIGHT = ("00:00-06:00", "18:00-23:59")


@dataclass(frozen=True, slots=True)
class Window:
    """Wall-clock time of a weekday, 1 being Monday; an end of 23:59 means midnight."""

    day: int
    start: dt.time
    end: dt.time


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a doctor works on which weekdays, and what on the weekday of the demo's own day."""

    usual: dict[int, tuple[str, ...]]
    today: tuple[str, ...] = FULL_DAY

    def windows(self, today: int) -> list[Window]:
        days = {today: self.usual.get(today, self.today)} | self.usual
        if self.today in (OPEN_HOUSE, NIGHT):
            days[today] = self.today
        return [_window(day, text) for day in sorted(days) for text in days[day]]


PATTERNS = {
    "open house": Pattern(dict.fromkeys(WORKDAYS, FULL_DAY), today=OPEN_HOUSE),
    "nights": Pattern({2: NIGHT, 5: NIGHT, 6: NIGHT, 7: NIGHT}, today=NIGHT),
    "mornings": Pattern(dict.fromkeys(WORKDAYS, MORNING) | {3: FULL_DAY}),
    "four days": Pattern(dict.fromkeys((1, 2, 4), FULL_DAY) | {5: MORNING}),
    "late": Pattern(dict.fromkeys((1, 3, 4, 5), LATE_DAY), today=LATE_DAY),
    "part time": Pattern({1: LATE_DAY, 2: MORNING, 4: LATE_DAY}),
}


def visits_of_day(
    windows: list[Window], day: dt.date, *, zone: ZoneInfo, length: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Start and end in UTC of every visit that fits, in order; none overlap, also where clocks change."""
    for window in windows:
        if window.day != day.isoweekday():
            continue
        start = dt.datetime.combine(day, window.start, zone).astimezone(dt.UTC)
        end = dt.datetime.combine(day, window.end, zone).astimezone(dt.UTC)
        if window.end == MIDNIGHT_AS_END:
            end += dt.timedelta(minutes=1)
        while start + length <= end:
            yield start, start + length
            start += length


def _window(day: int, text: str) -> Window:
    start, _, end = text.partition("-")
    return Window(day, dt.time.fromisoformat(start), dt.time.fromisoformat(end))
