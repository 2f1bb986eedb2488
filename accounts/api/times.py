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
