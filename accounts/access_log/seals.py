"""The chain of seals over the access log: how rows are written down, hashed, and checked.

Each seal covers the rows whose id lies after the last seal's, up to its own `last_event_id`, and hashes them under a
key together with the last seal's digest. Altering, removing or adding a row, or a seal, breaks the first digest after
it. Whoever has both the database and the key can forge the chain; so can whoever cuts off its end, which is why each
seal's digest is also logged: logs leave the machine.

Letting go of old access events without breaking the chain of seals.

A row cannot go while a later seal must be checked against it. So the log is cut at a seal: a keyed mark says "up to
here the rows may be gone, and this was the seal's digest". The trigger lets go of rows up to the newest mark that are
six years old, and of no others; checking begins behind the mark. A mark that nobody with the key made is noticed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import AccessEvent, AuditCut, AuditSeal

CUT_VERSION = "cut-1"
# The sealed columns of an event, in this order. A new column needs a new version, or every old seal breaks.
VERSION = "1"
SEALED_COLUMNS = (
    *("id", "at", "actor_id", "actor_role", "action", "patient_id", "object_kind", "object_id"),
    *("hospital_id", "surface", "address", "reason"),
)
BATCH = 2000


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
