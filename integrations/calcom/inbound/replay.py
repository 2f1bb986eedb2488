"""Applying stored webhooks once more. The body stays as it came; only the row's state is set back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from clinical.mirror.tombstones import IDS_ONLY, KEPT_KEYS
from core.wake_ups import wake
from integrations.models import CalWebhook

# Workers and the web go on meanwhile: no long lock, and each batch is applied while the next is set back.
BATCH = 500
Status = CalWebhook.Status
_BODY = "raw_webhook_body"
_SCRUB = f"""
UPDATE cal_webhooks SET signature_header = NULL, scrubbed_at = %s, raw_webhook_body = {IDS_ONLY.format(_BODY)} ||
    CASE WHEN {_BODY} ? 'payload' THEN jsonb_build_object('payload', {IDS_ONLY.format(f"({_BODY} -> 'payload')")})
    ELSE '{{}}' END
WHERE id = ANY(%s)
"""


def webhooks_between(first: dt.datetime, last: dt.datetime, *, only_failed: bool = False) -> QuerySet[CalWebhook]:
    """Those received from `first` up to and including `last` that are not waiting anyway."""
    rows = CalWebhook.objects.filter(received_at__gte=first, received_at__lte=last)
    return replayable(rows.filter(status=Status.FAILED) if only_failed else rows)


def replayable(rows: QuerySet[CalWebhook]) -> QuerySet[CalWebhook]:
    return rows.exclude(status=Status.PENDING)


def replay_webhooks(
    rows: QuerySet[CalWebhook],
    *,
    by: User | None,
    at: dt.datetime,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Have these applied again, oldest first, in batches of a transaction each. Returns how many.

    Which they are is decided at the start. `progress` is told how many are set back so far.
    Raises: NotPermitted.
    """
    require(by, Permission.MANAGE_INTEGRATIONS)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    done = 0
    for first in range(0, len(ids), BATCH):
        done += _replay(ids=ids[first : first + BATCH], by=by, at=at)
        progress(done)
    return done


@transaction.atomic
def _replay(*, ids: Sequence[int], by: User | None, at: dt.datetime) -> int:
    locked = replayable(CalWebhook.objects.filter(pk__in=ids)).select_for_update().order_by("pk")
    taken: Collection[int] = [row.pk for row in locked.only("pk")]
    if not taken:
        return 0
    note = f"Set back at {at:%Y-%m-%d %H:%M:%S} UTC, to be applied again."
    CalWebhook.objects.filter(pk__in=taken).update(
        status=Status.PENDING, processed_at=None, next_try_at=None, tries=0, notes=note
    )
    record_access(
        by=by,
        action=AccessAction.REPLAYED_WEBHOOK,
        object_kind="cal_webhook",
        object_id=str(min(taken)) if len(taken) == 1 else f"{min(taken)}-{max(taken)}",
        reason="" if len(taken) == 1 else f"{len(taken)} webhooks",
    )
    wake("process_webhooks")
    return len(taken)


def scrub_bodies(ids: Sequence[Any], *, at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SCRUB, [at, list(KEPT_KEYS), list(KEPT_KEYS), list(ids)])


def uid_of(payload: Mapping[str, Any]) -> str | None:
    """The uid that a webhook's payload is about."""
    uid = payload.get("uid") or payload.get("bookingUid")
    return uid if isinstance(uid, str) else None
