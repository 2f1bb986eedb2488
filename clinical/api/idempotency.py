from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager

import orjson
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from clinical.ports import KeyClaim, idempotency_store
from core.refusals import Invalid

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKeyRequired(Invalid):
    code = "idempotency_key_required"
    message = _("Send an Idempotency-Key of 1 to 255 visible characters, new for each booking.")


@contextmanager
def claimed_key(request: Request, *, owner_id: uuid.UUID) -> Generator[KeyClaim]:
    """Claim the request's key; whatever goes wrong inside gives it up.

    Raises: IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyRequired
    store = idempotency_store()
    claim = store.claim(owner_id=owner_id, key=key, request_hash=_hash(request), at=timezone.now())
    try:
        yield claim
    except BaseException:
        store.release(claim)
        raise


def _hash(request: Request) -> str:
    body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
