from __future__ import annotations

import datetime as dt
import time

import structlog
from django.conf import settings

from accounts.retention_rules import BATCH, Rule, rules

log = structlog.get_logger(__name__)


def count_due(*, at: dt.datetime) -> dict[str, int]:
    """How many rows each rule would remove or scrub now, by its name. Changes nothing."""
    return {rule.name: rule.count(before=_before(rule, at)) for rule in rules()}


def apply_retention(*, at: dt.datetime, seconds: float | None = None) -> dict[str, int]:
    """Remove or scrub what has been kept long enough; how many rows, by rule.

    In batches of a transaction each. With `seconds`, it stops after that time, and the next call goes on.
    """
    deadline = time.monotonic() + seconds if seconds is not None else None
    done = {rule.name: _apply(rule, at, deadline) for rule in rules()}
    if any(done.values()):
        log.info("retention.applied", **{name: count for name, count in done.items() if count})
    return done


def _apply(rule: Rule, at: dt.datetime, deadline: float | None) -> int:
    total, handled = 0, BATCH
    while handled == BATCH and (deadline is None or time.monotonic() < deadline):
        handled = rule.step(before=_before(rule, at), at=at, limit=BATCH)
        total += handled
    return total


def _before(rule: Rule, at: dt.datetime) -> dt.datetime:
    return at - settings.RETENTION[rule.name]
