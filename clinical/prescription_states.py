"""Where a prescription may move: the rules the database's trigger holds, told before it has to refuse."""

from __future__ import annotations

import datetime as dt

UNDO_WINDOW = dt.timedelta(minutes=5)
# A colleague may have gone home with it.
TAKE_OVER_AFTER = dt.timedelta(minutes=30)

MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        ("PENDING", "APPROVED"),
        ("PENDING", "DENIED"),
        ("APPROVED", "DENIED"),
        ("APPROVED", "COMPLETED"),
        ("COMPLETED", "APPROVED"),
    }
)
OPEN = frozenset({"PENDING", "APPROVED"})

# Reasons that only the prescriber or the system gives.
NOT_A_PHARMACISTS_REASONS = frozenset({"withdrawn", "expired"})


def can_move(before: str, after: str) -> bool:
    return (before, after) in MOVES


def undo_ends_at(completed_at: dt.datetime) -> dt.datetime:
    return completed_at + UNDO_WINDOW


def can_undo(*, status: str, completed_at: dt.datetime | None, at: dt.datetime) -> bool:
    return status == "COMPLETED" and completed_at is not None and at <= undo_ends_at(completed_at)


def can_take_over(*, claimed_at: dt.datetime | None, at: dt.datetime) -> bool:
    return claimed_at is None or at >= claimed_at + TAKE_OVER_AFTER
