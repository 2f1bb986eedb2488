"""Rules of how long rows are kept: which are due, and what becomes of them. Each app states its own as `RULES`."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)
# Rows of one transaction: a fraction of a second, so that nobody waits for its locks.
BATCH = 1000
Rows = QuerySet[Any]


class Rule(Protocol):
    """`name` is the rule's key in `settings.RETENTION`. What was carried out is not due any more."""

    @property
    def name(self) -> str: ...

    def count(self, *, before: dt.datetime) -> int:
        """How many rows are due."""
        ...

    def step(self, *, before: dt.datetime, at: dt.datetime, limit: int) -> int:
        """Carry it out for up to `limit` rows in one transaction; how many. Fewer than `limit`: none are left."""
        ...


@dataclass(frozen=True, slots=True)
class RowRule:
    """`due` gives the rows older than a moment, in an order that an index has; `change` takes their primary keys."""

    name: str
    model: type[Model]
    due: Callable[[dt.datetime], Rows]
    change: Callable[[Sequence[Any]], None] | None = None

    def count(self, *, before: dt.datetime) -> int:
        return self.due(before).count()

    @transaction.atomic
    def step(self, *, before: dt.datetime, at: dt.datetime, limit: int) -> int:
        rows = self.due(before).select_for_update(skip_locked=True).values_list("pk", flat=True)
        ids = list(rows[:limit])
        if ids and self.change is not None:
            self.change(ids)
        elif ids:
            _delete(self.model, ids)
        return len(ids)


def _delete(model: type[Model], ids: Sequence[Any]) -> None:
    """One statement; what points to the rows is the database's business."""
    rows = model._default_manager.filter(pk__in=ids)
    rows._raw_delete(rows.db)  # `delete()` reads every row first


def rules() -> list[Rule]:
    return [rule for path in settings.RETENTION_RULES for rule in cast(Sequence[Rule], import_string(path))]


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
