"""Bookings that Cal.com must be asked about, because no webhook says enough. The rows are the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection

# Some builds announce a change before they have written it: asked at once, Cal.com would tell the old state.
SETTLE = dt.timedelta(seconds=3)

_QUEUE = """
INSERT INTO booking_lookups (uid, reason, queued_at, due_at)
SELECT uid, %s, %s, %s FROM unnest(%s::text[]) AS uid ORDER BY uid
ON CONFLICT (uid) DO UPDATE
SET reason = excluded.reason, queued_at = excluded.queued_at, due_at = excluded.due_at, tries = 0, last_error = NULL
"""


def queue_lookups(uids: Collection[str], *, reason: str, at: dt.datetime) -> None:
    """Have these uids looked up soon; in the caller's transaction. One queued already is asked for once more."""
    if not uids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [reason, at, at + SETTLE, sorted(set(uids))])
