"""Medications as this doctor and the hospital prescribed them before, to fill in a line that is being written.

The latest prescriptions are read by index once in a while and counted; each keystroke then looks through the cached
lines. Instructions are left out: they are written for one patient, and may name somebody.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import TextField
from django.db.models.functions import Cast

from accounts.models import User
from clinical.models import Prescription
from clinical.prescriptions.medications import Medication, stored_medications
from clinical.querysets import PrescriptionQuerySet
from core.text.search import search_text

# A doctor's year or so; a busy hospital's weeks. Read in a few ms by index.
LATEST = 2000
# Of the lines in them, the most frequent.
KEPT = 500
SHOWN = 8
# Denied for these, the line itself was right.
_NOT_WRONG = {None, Prescription.DenialReason.EXPIRED, Prescription.DenialReason.OUT_OF_STOCK}
KEPT_FOR = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Line:
    """What is filled in: the fields of `clinical.prescriptions.forms`."""

    name: str
    strength: str
    dose: str
    route: str
    frequency: str
    duration_days: int
    quantity: int
    refills: int
    as_needed: bool
    code: str
    code_system: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    line: Line
    is_own: bool

    @property
    def key(self) -> str:
        """Names the line in a form's button, whatever the order of the list by then."""
        return hashlib.sha256(repr(astuple(self.line)).encode()).hexdigest()[:16]


def suggestions(*, user: User, typed: str) -> list[Suggestion]:
    """What begins with what is typed, then what has words that do; the doctor's own before the hospital's, frequent
    ones first. Nothing typed: the most frequent.
    """
    words = _words(typed)
    found = [one for one in _earlier(user) if _has_words(one.line, words)]
    return sorted(found, key=lambda one: not _begins_with(one.line.name, words[:1]))[:SHOWN]


def suggestion(*, user: User, key: str) -> Suggestion | None:
    return next((one for one in _earlier(user) if one.key == key), None)


def forget_own(user: User) -> None:
    """After a prescription: the next one may repeat a line of it."""
    cache.delete(_key("doctor", user.pk))


def _has_words(line: Line, typed: Sequence[str]) -> bool:
    words = _words(f"{line.name} {line.strength} {line.code}")
    return all(any(word.startswith(part) for word in words) for part in typed)


def _begins_with(name: str, typed: Sequence[str]) -> bool:
    return all(word.startswith(part) for word, part in zip(_words(name), typed, strict=False))


def _words(text: str) -> list[str]:
    """As they stand between spaces: "amox" is not looked for inside co-amoxiclav."""
    words = (search_text(word).replace(" ", "") for word in text.split())
    return [word for word in words if word]


def _earlier(user: User) -> list[Suggestion]:
    here = user.hospital_id
    if here is None:
        return []
    # By doctor alone: with the hospital, PostgreSQL would join the two indexes, and read all of the hospital's.
    own = _cached(_key("doctor", user.pk), Prescription.objects.filter(doctor_id=user.pk), here)
    known = set(own)
    all_here = _cached(_key("hospital", here), Prescription.objects.filter(hospital_id=here), here)
    others = [line for line in all_here if line not in known]
    return [*(Suggestion(line, is_own=True) for line in own), *(Suggestion(line, is_own=False) for line in others)]


def _key(kind: str, pk: uuid.UUID) -> str:
    return f"prescribed-lines:{kind}:{pk}"


def _cached(key: str, prescriptions: PrescriptionQuerySet, here: uuid.UUID) -> list[Line]:
    kept: list[list[Any]] | None = cache.get(key)
    if kept is not None:
        return [Line(*values) for values in kept]
    known = _most_frequent(prescriptions, here)
    cache.set(key, [astuple(line) for line in known], KEPT_FOR.total_seconds())
    return known


def _most_frequent(prescriptions: PrescriptionQuerySet, here: uuid.UUID) -> list[Line]:
    """Without those that were denied: what was wrong once is not suggested again."""
    as_text = Cast("medications", TextField())
    latest = prescriptions.order_by("-created_at").values_list(as_text, "denial_reason", "hospital_id")[:LATEST]
    # Counted as text, so that of many alike one is read.
    written = Counter(
        text for text, denial_reason, hospital in latest if hospital == here and denial_reason in _NOT_WRONG
    )
    lines: Counter[Line] = Counter()
    for text, count in written.items():
        for medication in stored_medications(json.loads(text)):
            if medication.dose:
                lines[_line(medication)] += count
    return [line for line, _count in lines.most_common(KEPT)]


def _line(medication: Medication) -> Line:
    return Line(
        name=medication.name,
        strength=medication.strength or "",
        dose=medication.dose,
        route=medication.route.value,
        frequency=medication.frequency,
        duration_days=medication.duration_days,
        quantity=medication.quantity,
        refills=medication.refills,
        as_needed=medication.as_needed,
        code=medication.code or "",
        code_system=medication.code_system or "",
    )
