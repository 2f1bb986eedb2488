"""Moments and dates as people read them: in a named zone, and within the calendar that pages show."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

UTC = zoneinfo.ZoneInfo("UTC")
# Days that clocks can be asked about in every zone, and that somebody may want to see. Whole weeks.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 3), dt.date(2199, 12, 29)
# Files beside the zones that name no place: the clock of our machine, and one for which nothing is set.
_NO_ZONES = {"localtime", "Factory"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def moment_of(text: str) -> dt.datetime:
    """A date and time of ISO 8601 with its offset, in UTC.

    Raises: ValueError for anything else, and where UTC has no such moment.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError("no date and time with an offset")
    try:
        return dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("not in the calendar") from None


def date_of(text: str) -> dt.date:
    """A date as YYYY-MM-DD. Raises: ValueError for anything else."""
    if not _DATE.fullmatch(text):
        raise ValueError("no date")
    return dt.date.fromisoformat(text)


def known_zone(name: str | None) -> zoneinfo.ZoneInfo | None:
    """The zone of that name. None for no name, and for an unknown one: other programs write these columns too."""
    try:
        return zoneinfo.ZoneInfo(name) if name and name not in _NO_ZONES else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_or_utc(name: str | None) -> zoneinfo.ZoneInfo:
    """The zone of that name, or UTC where times have to be shown although no zone is known."""
    return known_zone(name) or UTC


def in_zone(moment: dt.datetime, name: str | None) -> dt.datetime:
    return moment.astimezone(zone_or_utc(name))


def repeated_offset(local: dt.datetime) -> str:
    """` +02:00` where the clock of its zone shows this time twice, on the night it is put back; else nothing."""
    first, second = (local.replace(fold=fold).utcoffset() or dt.timedelta() for fold in (0, 1))
    return f" {local.isoformat()[-6:]}" if first > second else ""


def is_shown(date: dt.date) -> bool:
    return FIRST_DAY <= date <= LAST_DAY


def shifted(date: dt.date, days: int) -> dt.date | None:
    """So many days later, or None where pages end."""
    other = date + dt.timedelta(days=days)
    return other if is_shown(other) else None
