"""When a doctor is open for visits, and which booked visits a change hits. Pure: no clock, no database.

Weekly hours are wall-clock times of the hospital's zone. On the day the clock goes forward, an edge inside the hour
that does not exist is the moment of the change; on the day it goes back, the hour that is there twice counts twice.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

from hospitals.hours.windows import DAYS, START_OF_DAY, Window, next_day

Period = tuple[dt.datetime, dt.datetime]
_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)
# (ISO weekday, start, end) in wall-clock time.
WeeklyWindow = tuple[int, dt.time, dt.time]
# How the reference schema, and Cal.com, write the end of a day.
LAST_MINUTE = dt.time(23, 59)
SUNDAY = 7
BEFORE_THE_BREAK = dt.time(23, 58)


@dataclass(frozen=True, slots=True)
class BookedVisit:
    id: uuid.UUID
    start: dt.datetime
    end: dt.datetime


def hit_by_hours(
    visits: Iterable[BookedVisit],
    *,
    before: Collection[Window],
    after: Collection[Window],
    time_off: Collection[Period],
    zone: ZoneInfo,
) -> list[BookedVisit]:
    """The visits that lay wholly inside the hours `before`, and no longer do `after`, both without the time off.

    A visit that was outside already (agreed on by telephone, or kept when earlier hours changed) is not hit again.
    """
    was_open, is_open = _opening(before, zone), _opening(after, zone)
    inside = (visit for visit in visits if lies_inside(visit, was_open) and not touches(visit, time_off))
    return [visit for visit in inside if not lies_inside(visit, is_open)]


def hit_by_time_off(visits: Iterable[BookedVisit], *, start: dt.datetime, end: dt.datetime) -> list[BookedVisit]:
    """The visits that the time off `[start, end)` touches, inside the doctor's hours or not."""
    return [visit for visit in visits if touches(visit, [(start, end)])]


def touches(visit: BookedVisit, periods: Iterable[Period]) -> bool:
    return any(visit.start < end and start < visit.end for start, end in periods)


class Opening(Protocol):
    def __call__(self, day: dt.date, /) -> tuple[Period, ...]: ...


def lies_inside(visit: BookedVisit, opening: Opening) -> bool:
    """Whether the visit is wholly inside the hours; one that runs over midnight needs both days'."""
    # A day to either side: what is today in the visit's zone may be yesterday or tomorrow in the hospital's.
    first, last = visit.start.date() - _DAY, visit.end.date() + _DAY
    spans = [span for day in _days(first, last) for span in opening(day)]
    return any(start <= visit.start and visit.end <= end for start, end in joined(spans))


def opening_hours(windows: Iterable[Window], day: dt.date, zone: ZoneInfo) -> tuple[Period, ...]:
    """The windows of one day of the hospital's calendar, as moments in UTC."""
    spans = [_span(window, day, zone) for window in sorted(windows) if window.day == day.isoweekday()]
    return tuple((start, end) for start, end in spans if start < end)


def nights_through(weekly: Iterable[WeeklyWindow]) -> frozenset[int]:
    """The days of the week whose hours run on over midnight into the next day's."""
    weekly = list(weekly)
    from_midnight = {day for day, opens, _closes in weekly if opens == START_OF_DAY}
    return frozenset(day for day, _opens, closes in weekly if closes >= LAST_MINUTE and next_day(day) in from_midnight)


def bookable_windows(weekly: Iterable[WeeklyWindow]) -> list[WeeklyWindow]:
    """The hours as they can be published: one night of the week must have a break, or no date could be told apart.

    Where all seven run through, Sunday ends two minutes before midnight.
    """
    windows = sorted(weekly)
    if len(nights_through(windows)) < len(DAYS):
        return windows
    cut = [
        (day, opens, BEFORE_THE_BREAK if day == SUNDAY and closes >= LAST_MINUTE else closes)
        for day, opens, closes in windows
    ]
    return [window for window in cut if window[1] < window[2]]


def _opening(windows: Collection[Window], zone: ZoneInfo) -> Opening:
    @cache
    def opening(day: dt.date) -> tuple[Period, ...]:
        return opening_hours(windows, day, zone)

    return opening


def _span(window: Window, day: dt.date, zone: ZoneInfo) -> Period:
    start = _moment(day, window.start, zone, fold=0)
    if window.ends_at_midnight:
        return start, _moment(day + _DAY, START_OF_DAY, zone, fold=0)
    return start, _moment(day, window.end, zone, fold=1)


def _moment(day: dt.date, time: dt.time, zone: ZoneInfo, *, fold: int) -> dt.datetime:
    wall = dt.datetime.combine(day, time)
    first, second = (wall.replace(tzinfo=zone, fold=one).astimezone(dt.UTC) for one in (0, 1))
    if first <= second:
        return second if fold else first
    # The wall never shows this time. `second` is before the change, `first` after it.
    while second.astimezone(zone).replace(tzinfo=None) < wall:
        second += _MINUTE
    return second


def joined(spans: Iterable[Period]) -> Iterator[Period]:
    """Spans in order, those that meet or overlap as one."""
    current: Period | None = None
    for start, end in sorted(spans):
        if current and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
