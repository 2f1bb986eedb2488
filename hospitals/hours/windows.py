"""Weekly hours as a person types them and as the table keeps them. Wall-clock times, no zone, no clock, no database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

START_OF_DAY = dt.time(0, 0)
# The reference schema's columns hold no 24:00, so a window to midnight ends at this minute.
MIDNIGHT = dt.time(23, 59)
DAYS = range(1, 8)

_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?")


class HoursProblem(Exception):
    """Hours that cannot be kept. `code` is stable."""

    code = "invalid_hours"


class UnreadableTime(HoursProblem):
    code = "unreadable_time"


class EmptyWindow(HoursProblem):
    """A shift that ends when it starts."""

    code = "empty_window"


class OverlappingWindows(HoursProblem):
    code = "overlapping_windows"

    def __init__(self, one: Window, other: Window) -> None:
        super().__init__(f"{one} overlaps {other}")
        self.one = one
        self.other = other


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One stretch of one day: 1 is Monday, the end is later than the start, and an end of 23:59 is midnight."""

    day: int
    start: dt.time
    end: dt.time

    def __post_init__(self) -> None:
        if self.day not in DAYS:
            raise HoursProblem(f"no such day: {self.day}")
        if self.end <= self.start:
            raise EmptyWindow(str(self))

    def __str__(self) -> str:
        return f"{self.day} {format_span(self.start, self.end)}"

    @property
    def ends_at_midnight(self) -> bool:
        return self.end == MIDNIGHT

    def overlaps(self, other: Window) -> bool:
        return self.day == other.day and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """What a person works in one go, named by the day it starts: 22:00 to 06:00 ends on the next day."""

    day: int
    start: dt.time
    end: dt.time

    def windows(self) -> tuple[Window, ...]:
        """The shift as windows, split at midnight.

        Raises: EmptyWindow, when it ends at the minute it starts.
        """
        end = MIDNIGHT if self.end == START_OF_DAY else self.end
        if self.start < end:
            return (Window(self.day, self.start, end),)
        if self.start == end:
            raise EmptyWindow(str(self))
        return (
            *_late_part(self.day, self.start),
            Window(next_day(self.day), START_OF_DAY, self.end),
        )


def next_day(day: int) -> int:
    return day % 7 + 1


def split_shifts(shifts: Iterable[Shift]) -> list[Window]:
    return [window for shift in shifts for window in shift.windows()]


def join_shifts(windows: Iterable[Window]) -> list[Shift]:
    """Windows as shifts, a late one joined to the early one that continues it after midnight: undoes `split_shifts`."""
    remaining = sorted(windows)
    early_by_day = {w.day: w for w in remaining if w.start == START_OF_DAY and not w.ends_at_midnight}
    shifts: list[Shift] = []
    joined: set[Window] = set()
    for window in remaining:
        early = early_by_day.get(next_day(window.day)) if window.ends_at_midnight else None
        if early and window.start > early.end:
            joined |= {window, early}
            shifts.append(Shift(window.day, window.start, early.end))
    shifts += [Shift(w.day, w.start, w.end) for w in remaining if w not in joined]
    return sorted(shifts)


def in_order(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The windows sorted.

    Raises: OverlappingWindows, for the first two that do.
    """
    ordered = tuple(sorted(windows))
    for one, other in overlapping_pairs(ordered):
        raise OverlappingWindows(one, other)
    return ordered


def overlapping_pairs(windows: Iterable[Window]) -> Iterator[tuple[Window, Window]]:
    """Neighbours that overlap, in order of day and start."""
    return ((one, other) for one, other in pairwise(sorted(windows)) if one.overlaps(other))


def parse_time(text: str) -> dt.time:
    """Read `9`, `9:30`, `09.30`, `0930` or, for midnight, `24:00`.

    Raises: UnreadableTime.
    """
    match = _TIME.fullmatch(text.strip())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if (hour, minute) == (24, 0):
        return START_OF_DAY
    try:
        return dt.time(hour, minute)
    except ValueError as error:
        raise UnreadableTime(text) from error


def format_time(time: dt.time) -> str:
    return time.strftime("%H:%M")


def format_span(start: dt.time, end: dt.time) -> str:
    return f"{format_time(start)}\N{EN DASH}{'24:00' if end == MIDNIGHT else format_time(end)}"


def _late_part(day: int, start: dt.time) -> tuple[Window, ...]:
    # A shift from 23:59 has nothing before midnight: that minute is midnight itself.
    return (Window(day, start, MIDNIGHT),) if start < MIDNIGHT else ()
