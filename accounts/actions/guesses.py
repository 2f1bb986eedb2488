from __future__ import annotations

from accounts.models import GuessCounter


def lock_counter(*, kind: str, subject: str) -> GuessCounter:
    """The counter of one subject, made if absent and locked until the caller's transaction ends."""
    # Again, because one that a daily purge takes away may have been there a moment ago.
    while (counter := _locked(kind, subject)) is None:
        GuessCounter.objects.bulk_create([GuessCounter(kind=kind, subject=subject)], ignore_conflicts=True)
    return counter


def _locked(kind: str, subject: str) -> GuessCounter | None:
    return GuessCounter.objects.select_for_update().filter(kind=kind, subject=subject).first()
