"""The chain of seals over the access log: how rows are written down, hashed, and checked.

Each seal covers the rows whose id lies after the last seal's, up to its own `last_event_id`, and hashes them under a
key together with the last seal's digest. Altering, removing or adding a row, or a seal, breaks the first digest after
it. Whoever has both the database and the key can forge the chain; so can whoever cuts off its end, which is why each
seal's digest is also logged: logs leave the machine.

**Cuts** let go of old access events without breaking the chain. A row cannot go while a later seal must be checked
against it. So the log is cut at a seal: a keyed mark says "up to here the rows may be gone, and this was the seal's
digest". The trigger lets go of rows up to the newest mark that are six years old, and of no others; checking begins
behind the mark. A mark that nobody with the key made is noticed.

**Sealing.** Rows get their ids before they are committed, so a row may appear below the newest id at any later time:
a seal up to `max(id)` would leave it out for ever. A seal therefore ends at an id below which nothing can appear any
more: the newest id is read first, then who is writing the table at that moment (`pg_locks`), and the seal waits until
each of those transactions has ended. A writer takes the table's lock before its id, so one that is not among them
takes a greater id. Nobody is blocked meanwhile, no column is needed, and ids, unlike transaction numbers, survive a
dump and restore. It relies on the ids' sequence handing out one at a time (`CACHE 1`, PostgreSQL's default).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Min

from accounts.models import AccessEvent, AuditCut, AuditSeal

log = structlog.get_logger(__name__)
CUT_VERSION = "cut-1"
# The sealed columns of an event, in this order. A new column needs a new version, or every old seal breaks.
VERSION = "1"
SEALED_COLUMNS = (
    *("id", "at", "actor_id", "actor_role", "action", "patient_id", "object_kind", "object_id"),
    *("hospital_id", "surface", "address", "reason"),
)
BATCH = 2000
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


def last_cut() -> AuditCut | None:
    return AuditCut.objects.order_by("-id").first()


def holds(cut: AuditCut) -> bool:
    """Whether the mark, and those before it, were made under one of our keys, from a seal that is still there."""
    previous = ""
    for one in AuditCut.objects.filter(id__lte=cut.pk).order_by("id"):
        expected = [_cut_digest(key, previous, one) for key in settings.AUDIT_KEYS]
        if not any(hmac.compare_digest(digest, one.digest) for digest in expected):
            return False
        previous = one.digest
    seal = AuditSeal.objects.filter(pk=cut.last_seal_id).first()
    return seal is not None and (seal.last_event_id, seal.digest) == (cut.last_event_id, cut.seal_digest)


def make_cut(seal: AuditSeal, *, at: dt.datetime) -> None:
    """Say that the rows up to this seal may be gone. Nothing is removed yet."""
    previous = last_cut()
    cut = AuditCut(at=at, last_seal_id=seal.pk, last_event_id=seal.last_event_id, seal_digest=seal.digest)
    cut.digest = _cut_digest(settings.AUDIT_KEYS[0], previous.digest if previous else "", cut)
    cut.save(force_insert=True)


def _cut_digest(key: str, previous: str, cut: AuditCut) -> str:
    made = cut.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    facts = [CUT_VERSION, previous, cut.last_seal_id, cut.last_event_id, cut.seal_digest, made]
    message = json.dumps(facts).encode()
    return f"{VERSION}:{hmac.new(key.encode(), message, hashlib.sha256).hexdigest()}"


def event_bytes(event: AccessEvent) -> bytes:
    """One row, the same for the same facts: JSON without spaces, times in UTC."""
    return _encoded([_plain(getattr(event, column)) for column in SEALED_COLUMNS])


def seal_digest(key: str, *, previous: AuditSeal | None, seal: AuditSeal, events: Iterable[AccessEvent]) -> str:
    (digest,) = _digests([key], previous=previous, seal=seal, events=events)
    return digest


def _digests(
    keys: list[str], *, previous: AuditSeal | None, seal: AuditSeal, events: Iterable[AccessEvent]
) -> list[str]:
    head = [VERSION, previous.digest if previous else "", seal.first_event_id, seal.last_event_id, seal.events]
    macs = [hmac.new(key.encode(), _encoded([*head, _plain(seal.at)]), hashlib.sha256) for key in keys]
    for event in events:
        line = b"\n" + event_bytes(event)
        for mac in macs:
            mac.update(line)
    return [f"{VERSION}:{mac.hexdigest()}" for mac in macs]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first seal that does not hold. `what` names no person."""

    seal_id: int
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    seals: int
    sealed_events: int
    unsealed_events: int
    last: AuditSeal | None
    broken: Broken | None


def verify_chain() -> Verified:
    """Check every seal behind the last cut, oldest first, up to the first that does not hold. Reads the whole log, in
    batches.
    """
    previous, broken = _where_it_begins()
    if broken:
        return Verified(0, 0, _after(previous).count(), None, broken)
    seals = sealed = 0
    for seal in (
        AuditSeal.objects.filter(id__gt=previous.pk if previous else 0).order_by("id").iterator(chunk_size=BATCH)
    ):
        broken = _check(seal, previous)
        if broken:
            return Verified(seals, sealed, _after(previous).count(), previous, broken)
        previous, seals, sealed = seal, seals + 1, sealed + seal.events
    return Verified(seals, sealed, _after(previous).count(), previous, None)


def spot_check(number: int) -> Verified:
    """Check so many seals behind the last cut, spread evenly, the oldest and the newest among them: whether the keys
    are those the log was sealed with. The whole log is read by `verify_chain` alone.
    """
    begin, broken = _where_it_begins()
    behind = AuditSeal.objects.filter(id__gt=begin.pk if begin else 0).order_by("id")
    ends = behind.aggregate(first=Min("id"), last=Max("id")) if not broken else {"first": None}
    step = (ends["last"] - ends["first"]) / (number - 1) if ends["first"] else 0
    asked = [behind.filter(id__gte=ends["first"] + int(step * n)).first() for n in range(number) if ends["first"]]
    chosen = {seal.pk: seal for seal in asked if seal}
    sealed = 0
    for seal in chosen.values():
        broken = _check(seal, AuditSeal.objects.filter(id__lt=seal.pk).order_by("-id").first())
        if broken:
            break
        sealed += seal.events
    return Verified(0 if broken else len(chosen), sealed, 0, None, broken)


def _where_it_begins() -> tuple[AuditSeal | None, Broken | None]:
    """The seal at the last cut: the rows up to it have been let go of (`accounts.access_log.seals`)."""
    cut = last_cut()
    if cut is None:
        return None, None
    if not holds(cut):
        what = f"the log is cut at row {cut.last_event_id} by a mark that is forged, or its key is not among AUDIT_KEYS"
        return None, Broken(cut.last_seal_id, what)
    return AuditSeal.objects.get(pk=cut.last_seal_id), None


def _check(seal: AuditSeal, previous: AuditSeal | None) -> Broken | None:
    if previous and seal.last_event_id <= previous.last_event_id:
        return Broken(seal.pk, f"it ends at row {seal.last_event_id}, where an older seal has been already")
    rows = _after(previous).filter(id__lte=seal.last_event_id)
    found, first = rows.count(), rows.order_by("id").values_list("id", flat=True).first()
    if found < seal.events:
        return Broken(seal.pk, f"{seal.events - found} rows up to id {seal.last_event_id} are removed")
    if found > seal.events:
        more = found - seal.events
        return Broken(seal.pk, f"{more} rows up to id {seal.last_event_id} are inserted, or a seal is removed")
    if first != seal.first_event_id:
        return Broken(seal.pk, f"it begins at row {first}, and was made from row {seal.first_event_id}")
    events = rows.order_by("id").iterator(chunk_size=BATCH)
    digests = _digests(settings.AUDIT_KEYS, previous=previous, seal=seal, events=events)
    if not any(hmac.compare_digest(digest, seal.digest) for digest in digests):
        rows_text = f"one of the rows {seal.first_event_id} to {seal.last_event_id}, or the seal itself"
        return Broken(seal.pk, f"{rows_text}, is altered, or its key is not among AUDIT_KEYS")
    return None


def events_after(seal: AuditSeal | None, *, up_to: int) -> Iterator[AccessEvent]:
    rows: Iterator[AccessEvent] = _after(seal).filter(id__lte=up_to).order_by("id").iterator(chunk_size=BATCH)
    return rows


def _after(seal: AuditSeal | None) -> Any:
    return AccessEvent.objects.filter(id__gt=seal.last_event_id) if seal else AccessEvent.objects.all()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, int) else str(value)


def _encoded(values: list[Any]) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=True).encode()


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
