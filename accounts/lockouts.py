"""The one rule of how failures in a row close something. No database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Failures in a row so far, and until when they have closed what they count for."""

    failures: int = 0
    locked_until: dt.datetime | None = None

    def is_locked(self, at: dt.datetime) -> bool:
        return self.locked_until is not None and at < self.locked_until

    def counting(self, at: dt.datetime, *, most: int, lockout: dt.timedelta) -> Tally:
        """With one more try, counted as a failure until it proves right. A lockout that is over starts anew."""
        failures = 1 if self.locked_until is not None else self.failures + 1
        return Tally(failures, at + lockout if failures >= most else None)
