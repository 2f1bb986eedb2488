"""When a host is free: hours by wall clock, dates that differ, buffers around bookings. Pure; in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .simulator_records import Schedule

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until just before `end`."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, *, before: timedelta, after: timedelta) -> Span:
        return Span(self.start - before, self.end + after)


def open_spans(schedule: Schedule, within: Span) -> list[Span]:
    """The schedule's hours that touch `within`, in order, joined where one begins as another ends."""
    zone = ZoneInfo(schedule.time_zone)
    first = within.start.astimezone(zone).date() - timedelta(days=1)
    last = within.end.astimezone(zone).date()
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    spans = (_on_clock(day, hours, zone) for day in days for hours in _hours(schedule, day))
    return [span for span in _joined(spans) if span.overlaps(within)]


def free_starts(
    open_hours: Iterable[Span],
    *,
    within: Span,
    length: timedelta,
    step: timedelta,
    busy: Sequence[Span],
    before: timedelta = timedelta(0),
    after: timedelta = timedelta(0),
    earliest: datetime,
) -> list[datetime]:
    """The starts at which a visit fits, counted in steps from the opening of each stretch of hours."""
    starts: list[datetime] = []
    for stretch in open_hours:
        start = stretch.start
        while start + length <= stretch.end:
            padded = Span(start, start + length).widened(before=before, after=after)
            in_range = within.start <= start < within.end and start >= earliest
            if in_range and not any(padded.overlaps(taken) for taken in busy):
                starts.append(start)
            start += step
    return starts


def _hours(schedule: Schedule, day: date) -> list[tuple[time, time]]:
    # Any override replaces the weekday's hours, also one that closes the day.
    replaced = [(entry.start, entry.end) for entry in schedule.overrides if entry.day == day]
    if replaced:
        return replaced
    name = DAY_NAMES[day.weekday()]
    return [(window.start, window.end) for window in schedule.windows if name in window.days]


def _on_clock(day: date, hours: tuple[time, time], zone: ZoneInfo) -> Span:
    start, end = hours
    opens = datetime.combine(day, start, zone)
    # 23:59 is the only way to say "until midnight".
    closes = (
        datetime.combine(day + timedelta(days=1), time(0), zone)
        if end == LAST_MINUTE
        else datetime.combine(day, end, zone)
    )
    return Span(opens.astimezone(UTC), closes.astimezone(UTC))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for span in sorted(span for span in spans if span.start < span.end):
        if current is not None and span.start <= current.end:
            current = Span(current.start, max(current.end, span.end))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current
