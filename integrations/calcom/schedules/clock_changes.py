"""The dates on which Cal.com reads weekly hours wrongly because the clock changes: pure.

It counts hours from midnight and corrects them by how far the clock has changed; hours that begin before the change
get the correction too. And it looks the change up by a twelve-hour clock read as UTC (13:00 at 01:00 UTC): where that
is before the change, as in America, afternoons get none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from hospitals.hours.open_hours import WeeklyWindow

_DAY = dt.timedelta(days=1)
# Clocks change at whole quarters of an hour.
_STEP = dt.timedelta(minutes=15)


def misread_hours(
    weekly: Iterable[WeeklyWindow], *, zone: ZoneInfo, today: dt.date, days: int
) -> Iterator[tuple[dt.date, list[WeeklyWindow]]]:
    """The dates of the next `days` on which hours are misread, each with those that are."""
    weekly = sorted(weekly)
    for day in (today + n * _DAY for n in range(days)):
        if _offset_at(day, zone) == _offset_at(day + _DAY, zone):
            continue
        change = _change_on(day, zone)
        misread = [one for one in weekly if one[0] == day.isoweekday() and _is_misread(one, day, change, zone)]
        if misread:
            yield day, misread


def _is_misread(window: WeeklyWindow, day: dt.date, change: dt.datetime, zone: ZoneInfo) -> bool:
    if change <= _midnight(day, zone):
        return True  # the day has no midnight to count from
    opens = window[1]
    looked_up_at = dt.datetime.combine(day, opens.replace(hour=(opens.hour - 1) % 12 + 1), dt.UTC)
    return dt.datetime.combine(day, opens, zone).astimezone(dt.UTC) < change or looked_up_at < change


def _change_on(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    at, before = _midnight(day, zone), _offset_at(day, zone)
    while at.astimezone(zone).utcoffset() == before:
        at += _STEP
    return at


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _offset_at(day: dt.date, zone: ZoneInfo) -> dt.timedelta | None:
    return dt.datetime.combine(day, dt.time(), zone).utcoffset()
