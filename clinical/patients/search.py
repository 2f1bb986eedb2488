"""A doctor finds own patients by the beginnings of their names, or by phone. One query.

A search as you type asks at every pause; what narrows the last search of the same minute is still that search.

The session keeps a keyed hash of what was typed, not the words: they may be a patient's name.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Patient, User
from accounts.people.names import age_text, display_phone, patient_name
from clinical.models import Appointment, Prescription
from clinical.querysets import patients_for_user
from core.db.name_search import beginning_with, name_words
from core.phone_numbers import digits_typed
from core.text.lines import typed_line

MOST_SHOWN = 20
# What is shorter would list half the patients.
SHORTEST_NAME = 2
SHORTEST_PHONE = 4
LONGEST_QUERY = 100
SAME_SEARCH = dt.timedelta(minutes=1)
_LAST = "patient_search"


@dataclass(frozen=True, slots=True)
class Found:
    id: uuid.UUID
    name: str
    born: dt.date | None
    age: str
    phone: str
    visit_start: dt.datetime | None  # of the next visit that is booked, else of the last that took place
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class Search:
    """`is_asked` is False where too little was typed to look for; `has_more` where more were found than are shown."""

    text: str
    is_asked: bool
    found: Sequence[Found] = ()
    has_more: bool = False


def search_patients(*, user: User, text: str, at: dt.datetime) -> Search:
    """Patients whose record is open to the doctor, by name."""
    text = typed_line(text.replace("\0", ""))[:LONGEST_QUERY]
    rows = _matching(user, text)
    if rows is None:
        return Search(text, is_asked=False)
    visits = Appointment.objects.for_user(user).filter(patient=OuterRef("pk")).taking_place().next_or_last_first(at=at)
    rows = rows.annotate(
        visit_start=Subquery(visits.values("start_ts")[:1]), visit_end=Subquery(visits.values("end_ts")[:1])
    )
    found = list(rows.select_related("user__profile").order_by("user__profile__full_name", "pk")[: MOST_SHOWN + 1])
    shown = [_found(row, at) for row in found[:MOST_SHOWN]]
    return Search(text, is_asked=True, found=shown, has_more=len(found) > MOST_SHOWN)


def _matching(user: User, text: str) -> QuerySet[Any] | None:
    if digits := digits_typed(text):
        # Without the zero before an area, which is not stored.
        digits = digits.lstrip("0")
        return _own(user).filter(user__phone__contains=digits) if len(digits) >= SHORTEST_PHONE else None
    words = beginning_with(text)
    if words is None or len(text) < SHORTEST_NAME:
        return None
    named: QuerySet[Any] = _own(user).annotate(words=name_words("user__profile__full_name")).filter(words=words)
    return named


def _own(user: User) -> QuerySet[Any]:
    """Begins at the doctor's visits and prescriptions, by index: who is not among them need not be looked at."""
    if not user.is_doctor:
        return Patient.objects.none()
    visits = Appointment.objects.for_user(user).identified().values("patient")
    prescribed = Prescription.objects.filter(doctor=user.pk, hospital=user.hospital_id).values("patient")
    return patients_for_user(user).filter(pk__in=visits.union(prescribed))


def _found(row: Any, at: dt.datetime) -> Found:
    return Found(
        id=row.pk,
        name=patient_name(row.user),
        born=row.date_of_birth,
        age=age_text(row.date_of_birth, timezone.localdate(at)),
        phone=display_phone(row.user.phone) if row.user.phone else "",
        visit_start=row.visit_start,
        is_ahead=row.visit_end is not None and row.visit_end > at,
    )


def begins_search(session: SessionBase, text: str, *, at: dt.datetime) -> bool:
    """Whether this is a search of its own, to be put on record. A minute after its beginning, every search is."""
    text = text.casefold()
    begun_at = _begun_before(session.get(_LAST), text, at)
    session[_LAST] = {"begun_at": begun_at or at.isoformat(), "length": len(text), "hash": _hash(text)}
    return begun_at is None


def _begun_before(last: dict[str, Any] | None, text: str, at: dt.datetime) -> str | None:
    if last is None or not _is_recent(last["begun_at"], at) or not _extends(text, last["length"], last["hash"]):
        return None
    begun_at: str = last["begun_at"]
    return begun_at


def _is_recent(begun_at: str, at: dt.datetime) -> bool:
    return dt.datetime.fromisoformat(begun_at) <= at < dt.datetime.fromisoformat(begun_at) + SAME_SEARCH


def _extends(text: str, length: int, hashed: str) -> bool:
    return len(text) >= length and constant_time_compare(_hash(text[:length]), hashed)


def _hash(text: str) -> str:
    return salted_hmac("clinical.settled_search", text, algorithm="sha256").hexdigest()
