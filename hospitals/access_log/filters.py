"""What the access log can be narrowed to: a hospital, a member of staff, a patient, days, kinds."""

from __future__ import annotations

import abc
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.access_log.break_glass import opened_hospitals
from accounts.access_log.sentences import KINDS
from hospitals.access_log.reading import TooManyPeople, patients_for, staff_for, uuid_of
from hospitals.admin.base import acting_user
from hospitals.admin.filters import DayRangeFilter, FormFilter, HospitalFilter, KnownChoiceFilter

HOSPITAL = "hospital"


def chosen_hospital(request: HttpRequest) -> uuid.UUID | None:
    """Whose log is read: one's own hospital's; an operator says which, or reads the platform's own."""
    user = acting_user(request)
    return uuid_of(request.GET.get(HOSPITAL, "")) if user.is_operator else user.hospital_id


class LogHospitalFilter(HospitalFilter):
    parameter_name = HOSPITAL

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        narrowed = super().queryset(request, queryset)
        # One hospital at a time: every index of the log begins with it.
        return narrowed if self.value() else queryset.filter(hospital_id__isnull=True)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for number, choice in enumerate(super().choices(changelist)):
            yield choice if number else {**choice, "display": _("The platform itself")}


class KindFilter(KnownChoiceFilter):
    title = lazy("what happened")
    parameter_name = "kind"
    texts: ClassVar = {kind: text for kind, (text, _actions) in KINDS.items()}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(action__in=sorted(KINDS[value][1]))


class AtFilter(DayRangeFilter):
    field = "at"
    looks_ahead = False


class PersonFilter(abc.ABC, FormFilter):
    """A person by what is typed about them: a name's beginnings, an email, a phone number."""

    template = "admin/filter_words.html"
    parameter_name: str
    field: str
    hint: Any

    @property
    def words(self) -> str:
        return str(self.used_parameters.get(self.parameter_name, "")).strip()

    @property
    def input_id(self) -> str:
        return f"filter-{self.parameter_name}"

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "selected": not self.words,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("Everybody"),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.words:
            return queryset
        if "\x00" in self.words:
            raise IncorrectLookupParameters
        try:
            people = self.people(request)
        except TooManyPeople:
            messages.warning(request, _("Too many people begin so. Give more of the name."))
            return queryset.none()
        return queryset.filter(**{f"{self.field}__in": people}) if people else queryset.none()

    @abc.abstractmethod
    def people(self, request: HttpRequest) -> list[uuid.UUID]: ...


class StaffFilter(PersonFilter):
    title = lazy("who did it")
    parameter_name = "staff"
    field = "actor_id"
    hint = lazy("Name or email")

    def people(self, request: HttpRequest) -> list[uuid.UUID]:
        return staff_for(self.words, hospital_id=chosen_hospital(request))


class PatientFilter(PersonFilter):
    """Not for operators, but of a hospital whose glass they broke: a name is an answer too."""

    title = lazy("whose record")
    parameter_name = "patient"
    field = "patient_id"
    hint = lazy("Name or phone number")

    def has_output(self) -> bool:
        user = acting_user(self.request)
        return not user.is_operator or chosen_hospital(self.request) in opened_hospitals(user)

    def people(self, request: HttpRequest) -> list[uuid.UUID]:
        return patients_for(self.words)
