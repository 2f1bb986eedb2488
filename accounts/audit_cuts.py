"""Letting go of old access events without breaking the chain of seals.

A row cannot go while a later seal must be checked against it. So the log is cut at a seal: a keyed mark says "up to
here the rows may be gone, and this was the seal's digest". The trigger lets go of rows up to the newest mark that are
six years old, and of no others; checking begins behind the mark. A mark that nobody with the key made is noticed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json

from django.conf import settings

from accounts.models import AuditCut, AuditSeal

VERSION = "cut-1"


def last_cut() -> AuditCut | None:
    return AuditCut.objects.order_by("-id").first()


def holds(cut: AuditCut) -> bool:
    """Whether the mark, and those before it, were made under one of our keys, from a seal that is still there."""
    previous = ""
    for one in AuditCut.objects.filter(id__lte=cut.pk).order_by("id"):
        expected = [_digest(key, previous, one) for key in settings.AUDIT_KEYS]
        if not any(hmac.compare_digest(digest, one.digest) for digest in expected):
            return False
        previous = one.digest
    seal = AuditSeal.objects.filter(pk=cut.last_seal_id).first()
    return seal is not None and (seal.last_event_id, seal.digest) == (cut.last_event_id, cut.seal_digest)


def make_cut(seal: AuditSeal, *, at: dt.datetime) -> None:
    """Say that the rows up to this seal may be gone. Nothing is removed yet."""
    previous = last_cut()
    cut = AuditCut(at=at, last_seal_id=seal.pk, last_event_id=seal.last_event_id, seal_digest=seal.digest)
    cut.digest = _digest(settings.AUDIT_KEYS[0], previous.digest if previous else "", cut)
    cut.save(force_insert=True)


def _digest(key: str, previous: str, cut: AuditCut) -> str:
    made = cut.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    facts = [VERSION, previous, cut.last_seal_id, cut.last_event_id, cut.seal_digest, made]
    message = json.dumps(facts).encode()
    return f"{VERSION}:{hmac.new(key.encode(), message, hashlib.sha256).hexdigest()}"
