"""At which times a doctor can still be booked, on the grid of the public calendar. Pure: no clock, no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from hospitals.hours.open_hours import Period, WeeklyWindow, bookable_windows, joined, opening_hours
from hospitals.hours.windows import Window

_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)
# The grid's first start is at a multiple of the largest of these that divides the length, if that loses no visit.
_INTERVALS = (60, 30, 20, 15, 10, 5)


def free_slots(
    windows: Iterable[WeeklyWindow],
    *,
    busy: Iterable[Period],
    within: Period,
    zone: ZoneInfo,
    length: dt.timedelta,
    not_before: dt.datetime,
) -> Iterator[Period]:
    """Slots of `length` wholly inside `within`, in order, that touch nothing in `busy`.

    Each free stretch has a grid of its own, counted from its beginning or from `not_before`. So `within` should begin
    and end well outside of what is asked for: it cuts stretches short.
    """
    days = [Window(*window) for window in bookable_windows(windows)]
    first, last = (moment.astimezone(zone).date() for moment in within)
    spans = [span for n in range((last - first).days + 1) for span in opening_hours(days, first + n * _DAY, zone)]
    earliest = _whole_minute(max(within[0], not_before))
    for opens, closes in _without(joined(spans), busy):
        closes = min(closes, within[1])
        slot = first_start((max(opens, earliest), closes), zone=zone, length=length)
        while slot + length <= closes:
            yield slot, slot + length
            slot += length


def first_start(stretch: Period, *, zone: ZoneInfo, length: dt.timedelta) -> dt.datetime:
    """Where the grid of a free stretch begins.

    At its beginning, or later at a rounder time (of the hour in `zone`) if no fewer visits fit then.
    """
    minutes = length // _MINUTE
    interval = next((one for one in _INTERVALS if minutes % one == 0), 1)
    minute = stretch[0].astimezone(zone).minute
    if minute % interval == 0:
        return stretch[0]
    to_spare = (stretch[1] - stretch[0]) // _MINUTE % interval
    moves = (one - minute % one for one in (interval, 15, 5))
    return stretch[0] + next((move for move in moves if move <= to_spare), 0) * _MINUTE


def _without(stretches: Iterable[Period], busy: Iterable[Period]) -> Iterator[Period]:
    busy = list(joined(busy))
    for start, end in stretches:
        for taken, free_again in busy:
            if taken >= end or free_again <= start:
                continue
            if start < taken:
                yield start, taken
            start = free_again
        if start < end:
            yield start, end


def _whole_minute(at: dt.datetime) -> dt.datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + _MINUTE
