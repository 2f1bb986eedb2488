from __future__ import annotations

from accounts.models import GuessCounter


def lock_counter(*, kind: str, subject: str) -> GuessCounter:
    """The counter of one subject, made if absent and locked until the caller's transaction ends."""
    GuessCounter.objects.bulk_create([GuessCounter(kind=kind, subject=subject)], ignore_conflicts=True)
    return GuessCounter.objects.select_for_update().get(kind=kind, subject=subject)
