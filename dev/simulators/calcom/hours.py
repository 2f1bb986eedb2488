"""The hours that Cal.com makes of a schedule, as its own code does: by date, with what that code gets wrong.

Weekly hours are laid out date by date; what ends as the next begins is joined and belongs to the date on which it
began. The overrides are laid out apart, and a date that has any loses everything that belongs to it. So an override
leaves alone what began the evening before, and takes away what runs on into the next date.

    python -m dev.simulators.calcom.hours CASES.json

prints what is offered for each case (`time_zone`, `availability`, `overrides`, `from`, `to`): one JSON list a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dev.simulators.calcom.inputs import OverrideBody, WindowBody
from dev.simulators.calcom.records import Override, Schedule, Window

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST_MINUTE = time(23, 59)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


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

    def within(self, other: Span) -> Span:
        """The part of it inside `other`; ends before it starts where there is none."""
        return Span(max(self.start, other.start), min(self.end, other.end))


def open_spans(schedule: Schedule, within: Span) -> list[Span]:
    """What is offered in `within`, in UTC and in order, joined where one begins as another ends.

    It depends on where `within` begins: what began on an earlier date belongs to its first date.
    """
    zone = ZoneInfo(schedule.time_zone)
    by_date = _by_date(_weekly(schedule, within, zone), zone) | _by_date(_overrides(schedule, within, zone), zone)
    spans = [span.within(within) for spans in by_date.values() for span in spans]
    return list(joined(spans))


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order, as one where they meet or overlap; empty ones are left out."""
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


def _by_date(spans: Iterable[Span], zone: ZoneInfo) -> dict[date, list[Span]]:
    by_date: dict[date, list[Span]] = {}
    for span in spans:
        by_date.setdefault(span.start.astimezone(zone).date(), []).append(span)
    return by_date


def _weekly(schedule: Schedule, within: Span, zone: ZoneInfo) -> Iterable[Span]:
    by_end: dict[datetime, Span] = {}
    for window in schedule.windows:
        for midnight in _midnights(within, zone):
            if DAY_NAMES[midnight.astimezone(zone).weekday()] in window.days:
                span = _on_date(window, midnight, within, zone)
                if span.start <= span.end:
                    _add(by_end, span)
    return by_end.values()


def _midnights(within: Span, zone: ZoneInfo) -> Iterator[datetime]:
    """The beginning of each date; where the clock skips it, the hour before."""
    first_day = within.start.astimezone(zone).date()
    at = datetime.combine(first_day, time(), zone).astimezone(UTC)
    first_offset = _offset(at, zone)
    while at < within.end:
        yield at + first_offset - _offset(at, zone)
        at += DAY


def _on_date(window: Window, midnight: datetime, within: Span, zone: ZoneInfo) -> Span:
    """Counted in hours from midnight, and moved by how far the clock has changed until then.

    How far is looked up at the time of a twelve-hour clock, as if that were UTC: 13:00 is looked up at 01:00 UTC.
    """
    offset = _offset(midnight, zone)
    wall = (midnight + _since_midnight(window.start) + offset).replace(tzinfo=UTC)
    looked_up_at = wall.replace(hour=(wall.hour - 1) % 12 + 1)
    moved = offset - _offset(looked_up_at, zone)
    start, end = (midnight + _since_midnight(one) + moved for one in (window.start, window.end))
    if end > within.end:
        end, offset = within.end, _offset(within.end, zone)
    wall_end = end + offset
    if (wall_end.hour, wall_end.minute) == (23, 59):
        end += MINUTE
    return Span(max(start, within.start), end)


def _add(by_end: dict[datetime, Span], span: Span) -> None:
    """Join it to one that ends with it, else to one that ends as it starts: one that starts as it ends is not seen."""
    same_end = by_end.get(span.end)
    if same_end is not None and span.start <= same_end.end and same_end.start <= span.end:
        by_end[span.end] = Span(min(span.start, same_end.start), span.end)
        return
    before = by_end.pop(span.start, None)
    by_end[span.end] = span if before is None else Span(before.start, max(before.end, span.end))


def _overrides(schedule: Schedule, within: Span, zone: ZoneInfo) -> Iterable[Span]:
    by_end: dict[datetime, Span] = {}
    first, last = (within.start - DAY).date(), (within.end + DAY).date()
    for entry in schedule.overrides:
        if not first <= entry.day <= last:
            continue
        start = _read_as_utc(entry.day, entry.start, zone)
        ends_at_midnight = entry.end == LAST_MINUTE
        end = (
            _read_as_utc(entry.day + DAY, time(), zone)
            if ends_at_midnight
            else _read_as_utc(entry.day, entry.end, zone)
        )
        before = by_end.get(start)
        if before is not None:
            # The key stays: what starts as this ends is not joined any more.
            by_end[start] = Span(before.start, max(before.end, end))
        else:
            by_end[end] = Span(start, end)
    return by_end.values()


def _read_as_utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The wall clock's time by the zone's offset at that time of UTC: an hour off shortly before or after a change."""
    wall = datetime.combine(day, at, UTC)
    return wall - _offset(wall, zone)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def offered(case: dict[str, Any]) -> list[tuple[str, str]]:
    """What is offered for a case of `hours.json`, in its form: times with the offset of the zone."""
    zone = ZoneInfo(case["time_zone"])
    spans = open_spans(
        schedule_from(case["time_zone"], case["availability"], case["overrides"]),
        Span(datetime.fromisoformat(case["from"]), datetime.fromisoformat(case["to"])),
    )
    return [(span.start.astimezone(zone).isoformat(), span.end.astimezone(zone).isoformat()) for span in spans]


def schedule_from(time_zone: str, availability: Iterable[object], overrides: Iterable[object]) -> Schedule:
    """A schedule from the lists that its API takes."""
    windows = [WindowBody.model_validate(one) for one in availability]
    dates = [OverrideBody.model_validate(one) for one in overrides]
    return Schedule(
        id=1,
        owner_id=1,
        name="",
        time_zone=time_zone,
        windows=[Window(days=list(one.days), start=one.start_time, end=one.end_time) for one in windows],
        overrides=[Override(day=one.date, start=one.start_time, end=one.end_time) for one in dates],
    )


def main(argv: Sequence[str]) -> None:
    """Print what is offered for each case of the files."""
    for path in argv:
        cases = json.loads(Path(path).read_text())
        for case in cases["cases"] if isinstance(cases, dict) else cases:
            sys.stdout.write(json.dumps(offered(case)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
