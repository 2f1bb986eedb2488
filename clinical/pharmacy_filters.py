"""What a pharmacist may narrow the queue to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import BooleanField, F, Func, OuterRef, QuerySet, Subquery, Value
from django.http import QueryDict

from accounts.models import Profile
from core.db.name_search import beginning_with, name_words

LONGEST = 100


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """Beginnings of names of doctor and patient, and any part of a medication's name. Empty: not narrowed."""

    doctor: str = ""
    patient: str = ""
    medication: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        return cls(*(query.get(name, "").replace("\0", "").strip()[:LONGEST] for name in cls.__slots__))

    def __bool__(self) -> bool:
        return any((self.doctor, self.patient, self.medication))

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({name: text for name in self.__slots__ if (text := getattr(self, name))})

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.doctor:
            rows = rows.alias(doctor_called=_called(self.doctor, "doctor")).filter(doctor_called__isnull=False)
        if self.patient:
            rows = rows.alias(patient_called=_called(self.patient, "patient")).filter(patient_called__isnull=False)
        if self.medication:
            rows = rows.filter(_names_medication(self.medication))
        return rows


def _called(text: str, person: str) -> Subquery:
    """Asked of each row. As a join, or by EXISTS, a common name is looked up among all patients first: a queue is
    short, and they are many.
    """
    words = beginning_with(text)
    profiles = Profile.objects.filter(user=OuterRef(person)) if words else Profile.objects.none()
    named = profiles.annotate(words=name_words()).filter(words=words) if words else profiles
    return Subquery(named.values("user")[:1])


def _names_medication(text: str) -> Func:
    # `q`: the text is taken as it is, not as a pattern.
    path = f'$[*].name ? (@ like_regex {json.dumps(text)} flag "iq")'
    return Func(F("medications"), Value(path), function="jsonb_path_exists", output_field=BooleanField())
