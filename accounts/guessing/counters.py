"""Counting what is limited, in one table: before anything is compared or sent, and right under many tries at once.

Three ways of counting. Hits in a rolling window: one row a subject, locked until the caller's transaction ends.
Failures in a row that close something for a while: likewise. Totals of a minute, for what everybody does at once: one
row a subject and minute, which holds a number only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum
from prometheus_client import Counter

from accounts.models import GuessCounter
from core.rate_windows import HOUR, MINUTE, NO_WAIT, Limit, whole_seconds
from core.refusals import TooOften

codes_requested = Counter("wardbook_codes_requested", "Codes asked for and granted.", ["purpose"])
codes_failed = Counter("wardbook_codes_failed", "Wrong codes given.", ["purpose"])
limits_reached = Counter("wardbook_limits_reached", "Requests refused because a limit was reached.", ["limit"])
step_ups_locked = Counter("wardbook_step_ups_locked", "Records closed after too many wrong birth dates.")
_TAKE_BACK = """
UPDATE guess_counters
SET hits = hits[: array_position(hits, %(at)s) - 1] || hits[array_position(hits, %(at)s) + 1 :]
WHERE kind = %(kind)s AND subject = %(subject)s AND minute IS NULL AND %(at)s = ANY (hits)
"""
_ADD = """
INSERT INTO guess_counters (kind, subject, minute, hits, hits_in_minute) VALUES (%s, %s, %s, '{}', 1)
ON CONFLICT (kind, subject, minute) DO UPDATE SET hits_in_minute = guess_counters.hits_in_minute + 1
"""
_PURGE = "DELETE FROM guess_counters WHERE kind = ANY (%s) AND minute IS NULL AND %s >= ALL (hits)"


@dataclass(frozen=True, slots=True)
class Hit:
    """One that was counted; `hits` are all that count now, oldest first."""

    kind: str
    subject: str
    at: dt.datetime
    hits: list[dt.datetime]

    def take_back(self) -> None:
        take_back_hit(kind=self.kind, subject=self.subject, at=self.at)


@dataclass(frozen=True, slots=True)
class Lockout:
    """So many failures in a row close what they count for, for `length` from the last of them."""

    most: int
    length: dt.timedelta


@dataclass(frozen=True, slots=True)
class Tally:
    """Failures in a row so far, and until when they have closed what they count for."""

    failures: int = 0
    locked_until: dt.datetime | None = None

    def is_locked(self, at: dt.datetime) -> bool:
        return self.locked_until is not None and at < self.locked_until

    def counting(self, at: dt.datetime, lockout: Lockout) -> Tally:
        """With one more try, counted as a failure until it proves right. A lockout that is over starts anew."""
        failures = 1 if self.locked_until is not None else self.failures + 1
        return Tally(failures, at + lockout.length if failures >= lockout.most else None)


def count_hit(*, kind: str, subject: str, limit: Limit, at: dt.datetime) -> Hit:
    """Count one more within the limit. Call in the transaction that acts on it.

    Raises: TooOften, with nothing counted.
    """
    row = _lock(kind, subject)
    recent = limit.recent(row.hits, at)
    refuse_while(limit.wait(recent, at), limit)
    row.hits = sorted([*recent, at])
    row.save(update_fields=["hits"])
    return Hit(kind, subject, at, row.hits)


def count_failure_in_a_row(*, kind: str, subject: str, lockout: Lockout, at: dt.datetime) -> tuple[Tally, bool]:
    """Count one more, unless it is closed. The tally afterwards, and whether it was closed before."""
    row = _lock(kind, subject)
    before = tally_of(row.hits, lockout)
    if before.is_locked(at):
        return before, True
    after = before.counting(at, lockout)
    row.hits = [*row.hits, at][-after.failures :]
    row.save(update_fields=["hits"])
    return after, False


def tally_of(hits: list[dt.datetime], lockout: Lockout) -> Tally:
    failures = len(hits)
    return Tally(failures, hits[-1] + lockout.length if failures >= lockout.most else None)


def refuse_while(wait: dt.timedelta, limit: Limit | None = None) -> None:
    """Raises: TooOften, if there is anything to wait for."""
    if wait > NO_WAIT:
        raise TooOften(whole_seconds(wait), limit)


def hits_of(*, kind: str, subject: str) -> list[dt.datetime]:
    """What is on file, unlocked, with hits that may no longer count."""
    hits = GuessCounter.objects.filter(kind=kind, subject=subject, minute=None).values_list("hits", flat=True)
    return hits.first() or []


def hits_by_kind(*, kinds: Collection[str], subjects: Collection[str]) -> list[tuple[str, list[dt.datetime]]]:
    """The same of many, in no order."""
    rows = GuessCounter.objects.filter(kind__in=kinds, subject__in=subjects, minute=None)
    return list(rows.values_list("kind", "hits"))


def take_back_hit(*, kind: str, subject: str, at: dt.datetime) -> None:
    """Uncount one hit of that moment. Call in the transaction that acts on it."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, {"kind": kind, "subject": subject, "at": at})


def clear(*, kind: str, subject: str) -> None:
    """Uncount all. Call in the transaction that acts on it."""
    GuessCounter.objects.filter(kind=kind, subject=subject, minute=None).update(hits=[])


def forget(*, subjects: Collection[str], kinds: Collection[str] | None = None) -> None:
    """Remove these subjects' counters, of these kinds or of all."""
    rows = GuessCounter.objects.filter(subject__in=subjects, minute=None)
    (rows if kinds is None else rows.filter(kind__in=kinds)).delete()


def add_to_minute(*, kind: str, subject: str, at: dt.datetime) -> None:
    """Add one to the minute's total, which stays locked until the transaction ends: call it last."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [kind, subject, at.replace(second=0, microsecond=0)])


def totals_by_minute(*, kind: str, subject: str, at: dt.datetime) -> dict[dt.datetime, int]:
    """What the last hour holds. A minute counts until all of it is an hour ago."""
    rows = GuessCounter.objects.filter(kind=kind, subject=subject, minute__gt=at - HOUR - MINUTE)
    return {minute: hits for minute, hits in rows.values_list("minute", "hits_in_minute") if minute is not None}


def totals_by_subject(*, kind: str, at: dt.datetime) -> dict[str, int]:
    """Every subject's total of the last hour."""
    rows = GuessCounter.objects.filter(kind=kind, minute__gt=at - HOUR - MINUTE).values("subject")
    return dict(rows.annotate(total=Sum("hits_in_minute")).order_by("subject").values_list("subject", "total"))


def purge(*, kinds: Collection[str], before: dt.datetime, at: dt.datetime) -> int:
    """Remove what no window counts: rows of these kinds without a hit after `before`, and minutes that are over.

    How many rows of these kinds.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, [list(kinds), before])
        removed: int = cursor.rowcount
    GuessCounter.objects.filter(minute__lte=at - HOUR - MINUTE).delete()
    return removed


def _lock(kind: str, subject: str) -> GuessCounter:
    """The counter of one subject, made if absent and locked until the caller's transaction ends."""
    # Again, because one that a daily purge takes away may have been there a moment ago.
    while (row := _locked(kind, subject)) is None:
        GuessCounter.objects.bulk_create([GuessCounter(kind=kind, subject=subject)], ignore_conflicts=True)
    return row


def _locked(kind: str, subject: str) -> GuessCounter | None:
    return GuessCounter.objects.select_for_update().filter(kind=kind, subject=subject, minute=None).first()
