"""`clinical.ports.IdempotencyStore` in PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.own_data.registry import Held, NothingMore
from accounts.own_data.retention import RowRule, Rows
from clinical.ports import IdempotencyKeyInUse, IdempotencyKeyReused, KeyClaim
from config.models import IdempotencyKey

# A claim is finished in the transaction that queues the request, so one left open by a process that died means
# that nothing was queued. It is taken over after this long, far beyond any such transaction.
STALE_AFTER = dt.timedelta(minutes=1)


class DatabaseIdempotency:
    @transaction.atomic
    def claim(self, *, owner_id: uuid.UUID, key: str, request_hash: str, at: dt.datetime) -> KeyClaim:
        fresh = IdempotencyKey(id=uuid.uuid4(), owner_id=owner_id, key=key, request_hash=request_hash, created_at=at)
        IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)
        row = IdempotencyKey.objects.select_for_update().filter(owner_id=owner_id, key=key).first()
        if row is None:  # its holder gave it up between the two statements
            raise IdempotencyKeyInUse
        if row.pk == fresh.pk:
            return KeyClaim(id=row.pk, request_id=None)
        if _may_be_taken_over(row, at):
            row.delete()
            fresh.save(force_insert=True)
            return KeyClaim(id=fresh.pk, request_id=None)
        if row.request_hash != request_hash:
            raise IdempotencyKeyReused
        if row.object_id is None:
            raise IdempotencyKeyInUse
        return KeyClaim(id=row.pk, request_id=row.object_id)

    def finish(self, claim: KeyClaim, *, request_id: uuid.UUID) -> None:
        held = IdempotencyKey.objects.filter(pk=claim.id, state=IdempotencyKey.State.RUNNING)
        if not held.update(state=IdempotencyKey.State.DONE, object_id=request_id):
            raise IdempotencyKeyInUse

    def release(self, claim: KeyClaim) -> None:
        IdempotencyKey.objects.filter(pk=claim.id, state=IdempotencyKey.State.RUNNING).delete()


def _may_be_taken_over(row: IdempotencyKey, at: dt.datetime) -> bool:
    is_stale = row.state == IdempotencyKey.State.RUNNING and row.created_at <= at - STALE_AFTER
    return is_stale or row.created_at <= at - settings.IDEMPOTENCY_LIFETIME


class ConfigData(NothingMore):
    held: ClassVar = {
        "idempotency_keys": Held(because="random keys that the app made for its own requests, gone after a day"),
    }

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        return {"idempotency_keys": IdempotencyKey.objects.filter(owner_id=user.pk).delete()[0]}


def _keys(before: dt.datetime) -> Rows:
    return IdempotencyKey.objects.filter(created_at__lte=before).order_by("created_at", "pk")


RULES = (RowRule("idempotency_keys", IdempotencyKey, _keys),)
