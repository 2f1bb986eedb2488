"""Free times reckoned from a doctor's own hours: pure, for when the booking calendar does not answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

Period = tuple[dt.datetime, dt.datetime]
# (ISO weekday, start, end) in wall-clock time.
WeeklyWindow = tuple[int, dt.time, dt.time]

# How the reference schema, and Cal.com, write the end of a day.
LAST_MINUTE = dt.time(23, 59)


def free_slots(
    windows: Iterable[WeeklyWindow],
    *,
    busy: Iterable[Period],
    start: dt.datetime,
    end: dt.datetime,
    zone: ZoneInfo,
    length: dt.timedelta,
    not_before: dt.datetime,
) -> Iterator[Period]:
    """Slots of `length` that begin in `[start, end)`, not before `not_before`, and touch nothing in `busy`.

    Hours are wall-clock in `zone`; a day on which the clock changes has its hours as the wall shows them.
    """
    windows, busy = list(windows), sorted(busy)
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        for weekday, opens, closes in sorted(windows):
            if weekday != day.isoweekday():
                continue
            slot, closing = _at(day, opens, zone), _closing(day, closes, zone)
            while slot + length <= closing:
                if max(start, not_before) <= slot < end and not _is_busy(slot, slot + length, busy):
                    yield slot, slot + length
                slot += length
        day += dt.timedelta(days=1)


def _at(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)


def _closing(day: dt.date, closes: dt.time, zone: ZoneInfo) -> dt.datetime:
    if closes >= LAST_MINUTE:
        return _at(day + dt.timedelta(days=1), dt.time(0), zone)
    return _at(day, closes, zone)


def _is_busy(start: dt.datetime, end: dt.datetime, busy: list[Period]) -> bool:
    return any(other_start < end and start < other_end for other_start, other_end in busy)
