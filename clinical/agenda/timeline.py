"""A day laid out on a grid: rows of five minutes, twelve columns. Wall-clock minutes, no database, no clock."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MINUTES_PER_ROW = 5
COLUMNS = 12
# More side by side than this could not be read: further ones share the last lane.
MOST_LANES = 4
# A shorter visit is drawn this long, so that its name can be read.
SHORTEST_DRAWN_MINUTES = 15
END_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Minutes of one wall-clock day, from midnight; the end is not part of it."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands on the grid: CSS grid lines, counted from 1."""

    row: int
    rows: int
    column: int = 1
    columns: int = COLUMNS

    @property
    def row_classes(self) -> str:
        return f"row-start-{self.row} row-span-{self.rows}"

    @property
    def lane_classes(self) -> str:
        return f"lane-{self.column} col-span-{self.columns}"


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the day that is drawn, in whole hours."""

    first_hour: int
    last_hour: int

    def place(self, span: Span, *, lane: int = 0, lanes: int = 1) -> Place:
        row = (span.start - self.first_hour * 60) // MINUTES_PER_ROW
        rows = -(-(span.end - self.first_hour * 60) // MINUTES_PER_ROW) - row
        width = COLUMNS // lanes
        return Place(row=max(row, 0) + 1, rows=max(rows, 1), column=1 + lane * width, columns=width)

    @property
    def hours(self) -> list[tuple[int, Place]]:
        return [(hour, self.place(Span(hour * 60, hour * 60 + 60))) for hour in range(self.first_hour, self.last_hour)]


def frame_around(spans: Iterable[Span], *, at_least: tuple[int, int] = (9, 17)) -> Frame:
    first, last = at_least
    for span in spans:
        first = min(first, span.start // 60)
        last = max(last, -(-span.end // 60))
    return Frame(first_hour=first, last_hour=min(last, 24))


def wall_minutes(moment: dt.datetime, *, day: dt.date, zone: zoneinfo.ZoneInfo) -> int:
    """Minutes since midnight of `day` on the wall's clock, cut off at either end of the day."""
    local = moment.astimezone(zone)
    if local.date() != day:
        return 0 if local.date() < day else END_OF_DAY
    return local.hour * 60 + local.minute


def span_of(start: dt.datetime, end: dt.datetime, *, day: dt.date, zone: zoneinfo.ZoneInfo) -> Span:
    """Never empty, and never ends before it starts, though clocks are put back."""
    first = wall_minutes(start, day=day, zone=zone)
    return Span(first, max(wall_minutes(end, day=day, zone=zone), first + 1))


def window_span(start: dt.time, end: dt.time) -> Span:
    """A weekly window; an end of 23:59 is midnight."""
    last = END_OF_DAY if (end.hour, end.minute) == (23, 59) else end.hour * 60 + end.minute
    return Span(start.hour * 60 + start.minute, last)


def clock(minutes: int) -> dt.time:
    return dt.time(minutes // 60 % 24, minutes % 60)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans."""
    left = sorted(spans)
    for busy in taken:
        left = [
            part
            for span in left
            for part in (Span(span.start, min(span.end, busy.start)), Span(max(span.start, busy.end), span.end))
            if part.end > part.start
        ]
    return left


def gaps(windows: Iterable[Span], taken: Iterable[Span], *, at_least: int) -> list[Span]:
    """What is left of the windows; stretches of fewer minutes than `at_least` cannot be booked, and are left out."""
    return [span for span in without(windows, taken) if span.minutes >= at_least]


def overlapping(spans: Sequence[Span]) -> list[list[int]]:
    """Groups of two or more spans, by index, that overlap directly or over others; in the order of their starts."""
    groups: list[list[int]] = []
    end = -1
    for index in sorted(range(len(spans)), key=lambda index: (spans[index].start, index)):
        if spans[index].start < end:
            groups[-1].append(index)
        else:
            groups.append([index])
        end = max(end, spans[index].end)
    return [group for group in groups if len(group) > 1]


def drawn(span: Span) -> Span:
    return Span(span.start, max(span.end, span.start + SHORTEST_DRAWN_MINUTES))


def in_lanes(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """For each span, which lane of how many: those that overlap, directly or over others, stand side by side."""
    order = sorted(range(len(spans)), key=lambda index: (spans[index].start, -spans[index].end))
    lanes: dict[int, tuple[int, int]] = {}
    cluster: dict[int, int] = {}
    lane_ends: list[int] = []

    def close() -> None:
        for index, lane in cluster.items():
            lanes[index] = (lane, min(len(lane_ends), MOST_LANES))
        cluster.clear()
        lane_ends.clear()

    for index in order:
        span = spans[index]
        if lane_ends and span.start >= max(lane_ends):
            close()
        free = next((lane for lane, end in enumerate(lane_ends) if end <= span.start), len(lane_ends))
        if free == len(lane_ends) and free < MOST_LANES:
            lane_ends.append(span.end)
        else:
            free = min(free, MOST_LANES - 1)
            lane_ends[free] = max(lane_ends[free], span.end)
        cluster[index] = free
    close()
    return [lanes[index] for index in range(len(spans))]
