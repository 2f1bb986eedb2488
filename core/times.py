"""Moments and dates as people read them: in a named zone, and within the calendar that pages show."""

from __future__ import annotations

import datetime as dt
import zoneinfo


def zone_or_utc(name: str | None) -> dt.tzinfo:
    """The zone of that name. UTC for none, and for a name that another program may have written into the table."""
    try:
        return zoneinfo.ZoneInfo(name) if name else dt.UTC
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def in_zone(moment: dt.datetime, name: str | None) -> dt.datetime:
    return moment.astimezone(zone_or_utc(name))


# Days that clocks can be asked about in every zone, and that somebody may want to see. Whole weeks.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 3), dt.date(2199, 12, 29)


def is_shown(date: dt.date) -> bool:
    return FIRST_DAY <= date <= LAST_DAY


def shifted(date: dt.date, days: int) -> dt.date | None:
    """So many days later, or None where pages end."""
    other = date + dt.timedelta(days=days)
    return other if is_shown(other) else None
