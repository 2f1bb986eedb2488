"""Counting guesses: failures in a row, and hits in rolling windows, before anything is compared."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from prometheus_client import Counter

from accounts.models import GuessCounter

codes_requested = Counter("wardbook_codes_requested", "Codes asked for and granted.", ["purpose"])
codes_failed = Counter("wardbook_codes_failed", "Wrong codes given.", ["purpose"])
limits_reached = Counter("wardbook_limits_reached", "Requests refused because a limit was reached.", ["limit"])
step_ups_locked = Counter("wardbook_step_ups_locked", "Records closed after too many wrong birth dates.")


def lock_counter(*, kind: str, subject: str) -> GuessCounter:
    """The counter of one subject, made if absent and locked until the caller's transaction ends."""
    # Again, because one that a daily purge takes away may have been there a moment ago.
    while (counter := _locked(kind, subject)) is None:
        GuessCounter.objects.bulk_create([GuessCounter(kind=kind, subject=subject)], ignore_conflicts=True)
    return counter


def _locked(kind: str, subject: str) -> GuessCounter | None:
    return GuessCounter.objects.select_for_update().filter(kind=kind, subject=subject).first()


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
