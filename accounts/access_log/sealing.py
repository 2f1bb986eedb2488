"""Sealing the access log.

Rows get their ids before they are committed, so a row may appear below the newest id at any later time: a seal up to
`max(id)` would leave it out for ever. A seal therefore ends at an id below which nothing can appear any more: the
newest id is read first, then who is writing the table at that moment (`pg_locks`), and the seal waits until each of
those transactions has ended. A writer takes the table's lock before its id, so one that is not among them takes a
greater id. Nobody is blocked meanwhile, no column is needed, and ids, unlike transaction numbers, survive a dump and
restore. It relies on the ids' sequence handing out one at a time (`CACHE 1`, PostgreSQL's default).
"""

from __future__ import annotations

import datetime as dt
import time

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min

from accounts.access_log.seals import events_after, seal_digest
from accounts.models import AccessEvent, AuditSeal

# A number of ours among PostgreSQL's advisory locks: one sealer at a time.
SEALER_LOCK = 0x5EA1
MOST_EVENTS = 20_000
PATIENCE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.05

_WRITERS = """
SELECT virtualtransaction FROM pg_catalog.pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
  AND pid IS DISTINCT FROM pg_backend_pid()
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""

log = structlog.get_logger(__name__)


@transaction.atomic
def seal_access_events(*, at: dt.datetime, patience_seconds: float = PATIENCE_SECONDS) -> AuditSeal | None:
    """Seal the access events since the last seal, `MOST_EVENTS` at most.

    None where there are none, another process is sealing, or a transaction that writes some does not end within
    `patience_seconds`: the next call finds them.
    """
    if not _is_only_sealer():
        return None
    previous = AuditSeal.objects.order_by("-id").first()
    after = previous.last_event_id if previous else None
    ids = AccessEvent.objects.filter(id__gt=after) if previous else AccessEvent.objects.all()
    numbers = list(ids.order_by("id").values_list("id", flat=True)[:MOST_EVENTS])
    if not numbers or not _settles(patience_seconds):
        return None
    # Asked anew: what was being written may have appeared among them.
    settled = ids.filter(id__lte=numbers[-1]).aggregate(first=Min("id"), count=Count("id"))
    seal = AuditSeal(at=at, first_event_id=settled["first"], last_event_id=numbers[-1], events=settled["count"])
    events = events_after(previous, up_to=seal.last_event_id)
    seal.digest = seal_digest(settings.AUDIT_KEYS[0], previous=previous, seal=seal, events=events)
    seal.save(force_insert=True)
    # The log is kept elsewhere: it tells when the chain's end was cut off.
    transaction.on_commit(lambda: log.info("audit.sealed", seal=seal.pk, events=seal.events, digest=seal.digest))
    return seal


def _is_only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        return bool(cursor.fetchone()[0])


def _settles(patience_seconds: float) -> bool:
    """Wait until every transaction that is writing the table now has ended."""
    waited_for = _writers()
    deadline = time.monotonic() + patience_seconds
    while waited_for and time.monotonic() < deadline:
        time.sleep(min(LOOK_AGAIN_SECONDS, patience_seconds))
        waited_for &= _writers()
    return not waited_for


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [AccessEvent._meta.db_table])
        return {name for (name,) in cursor.fetchall()}
