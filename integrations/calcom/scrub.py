"""Stored webhooks without what they say of people: ids and times stay, and a replay of one changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from clinical.mirror.tombstones import IDS_ONLY, KEPT_KEYS

_BODY = "raw_webhook_body"
_SCRUB = f"""
UPDATE cal_webhooks SET signature_header = NULL, scrubbed_at = %s, raw_webhook_body = {IDS_ONLY.format(_BODY)} ||
    CASE WHEN {_BODY} ? 'payload' THEN jsonb_build_object('payload', {IDS_ONLY.format(f"({_BODY} -> 'payload')")})
    ELSE '{{}}' END
WHERE id = ANY(%s)
"""


def scrub_bodies(ids: Sequence[Any], *, at: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SCRUB, [at, list(KEPT_KEYS), list(KEPT_KEYS), list(ids)])


def uid_of(payload: Mapping[str, Any]) -> str | None:
    """The uid that a webhook's payload is about."""
    uid = payload.get("uid") or payload.get("bookingUid")
    return uid if isinstance(uid, str) else None
