"""The days on which the demo's hospitals see emergencies only: public holidays, and 24 December."""

from __future__ import annotations

import datetime as dt
import functools

_DAY = dt.timedelta(days=1)
MONDAY, THURSDAY = 0, 3


def holiday(day: dt.date, zone: str) -> str | None:
    """What the day is called in the hospital's country, or None for a day like others."""
    names = _austrian(day.year) if zone == "Europe/Vienna" else _american(day.year)
    return names.get(day)


@functools.cache
def _austrian(year: int) -> dict[dt.date, str]:
    easter = easter_sunday(year)
    fixed = {
        (1, 1): "New Year's Day",
        (1, 6): "Epiphany",
        (5, 1): "National Holiday of 1 May",
        (8, 15): "Assumption Day",
        (10, 26): "National Day",
        (11, 1): "All Saints' Day",
        (12, 8): "Immaculate Conception",
        (12, 24): "Christmas Eve",
        (12, 25): "Christmas Day",
        (12, 26): "St Stephen's Day",
    }
    moving = {1: "Easter Monday", 39: "Ascension Day", 50: "Whit Monday", 60: "Corpus Christi"}
    return _dated(year, fixed) | {easter + days * _DAY: name for days, name in moving.items()}


@functools.cache
def _american(year: int) -> dict[dt.date, str]:
    fixed = {
        (1, 1): "New Year's Day",
        (6, 19): "Juneteenth",
        (7, 4): "Independence Day",
        (12, 24): "Christmas Eve",
        (12, 25): "Christmas Day",
    }
    moving = {
        _nth(year, 1, MONDAY, 3): "Martin Luther King Day",
        _nth(year, 2, MONDAY, 3): "Presidents' Day",
        _nth(year, 6, MONDAY, 1) - 7 * _DAY: "Memorial Day",
        _nth(year, 9, MONDAY, 1): "Labor Day",
        _nth(year, 11, THURSDAY, 4): "Thanksgiving",
    }
    return _dated(year, fixed) | moving


def _dated(year: int, names: dict[tuple[int, int], str]) -> dict[dt.date, str]:
    return {dt.date(year, month, day): name for (month, day), name in names.items()}


def _nth(year: int, month: int, weekday: int, number: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (number - 1)) * _DAY


def easter_sunday(year: int) -> dt.date:
    """Gregorian, by the anonymous algorithm (Meeus/Jones/Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
