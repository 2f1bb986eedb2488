"""Days that clocks can be asked about in every zone, and that somebody may want to see. Whole weeks."""

from __future__ import annotations

import datetime as dt

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 3), dt.date(2199, 12, 29)


def is_shown(date: dt.date) -> bool:
    return FIRST_DAY <= date <= LAST_DAY


def shifted(date: dt.date, days: int) -> dt.date | None:
    """So many days later, or None where pages end."""
    other = date + dt.timedelta(days=days)
    return other if is_shown(other) else None
