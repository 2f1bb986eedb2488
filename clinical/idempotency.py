"""The same request sent again does nothing a second time, where it has an `Idempotency-Key`."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from django.utils import timezone
from rest_framework.request import Request

from clinical.ports import KeyClaim, idempotency_store
from core.api.idempotency import presented_key


@contextmanager
def claimed_key(
    request: Request, body: Mapping[str, Any], *, owner_id: uuid.UUID, required: bool = False
) -> Generator[KeyClaim | None]:
    """Claim the request's key; what is not finished inside gives it up. None where the request has none.

    `body` as it was understood: one moment in two zones is the same request.

    Raises: IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    key = presented_key(request, required=required)
    if key is None:
        yield None
        return
    store = idempotency_store()
    claim = store.claim(owner_id=owner_id, key=key, request_hash=_hash(request, body), at=timezone.now())
    try:
        yield claim
    finally:
        if claim.request_id is None:
            store.release(claim)


def _hash(request: Request, body: Mapping[str, Any]) -> str:
    understood = {name: _in_utc(value) for name, value in body.items()}
    text = orjson.dumps(understood, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(f"{request.method} {request.path.lower()}\n".encode() + text).hexdigest()


def _in_utc(value: Any) -> Any:
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value
