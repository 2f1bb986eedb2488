"""Bookings that Cal.com must be asked about, because no webhook says enough. The rows are the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection

from core.wake_ups import wake
from integrations.models import BookingLookup

# Some builds announce a change before they have written it: asked at once, Cal.com would tell the old state.
SETTLE = dt.timedelta(seconds=3)
# What `last_error` of a look-up says that waits for its doctor to be connected.
UNKNOWN_DOCTOR = "unknown_doctor"

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
    wake("look_up_bookings")


def settle_lookups(uids: Collection[str], *, asked_at: dt.datetime) -> None:
    """A list asked for at `asked_at` has told what these look-ups were to ask."""
    BookingLookup.objects.filter(uid__in=uids, queued_at__lte=asked_at - SETTLE).delete()


def retry_unknown_doctor_lookups(*, at: dt.datetime) -> int:
    """Ask again about bookings whose doctor was not known: called when a doctor is linked."""
    given_up = BookingLookup.objects.filter(due_at__isnull=True, last_error=UNKNOWN_DOCTOR)
    return given_up.update(due_at=at, tries=0, last_error=None)
