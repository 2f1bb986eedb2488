"""List filters that know the hospital, and that answer nonsense with the list's own error page, never with a 500."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.contrib.admin import ListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hospitals.models import Doctor, Hospital


class KnownChoiceFilter(SimpleListFilter):
    """One value of a closed set, each with its text. A value outside it is refused."""

    field = ""
    texts: ClassVar[Mapping[str, Any]] = {}

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return list(self.texts.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        if value not in {str(lookup) for lookup, _label in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.narrow(queryset, value)

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(**{self.field: value})


class DoctorFilter(KnownChoiceFilter):
    title = _("doctor")
    parameter_name = "doctor"
    field = "doctor_id"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        assert isinstance(request.user, User)
        doctors = Doctor.objects.for_user(request.user).with_names().order_by("user__profile__full_name", "pk")
        return [(str(doctor.pk), doctor.full_name) for doctor in doctors]


class HospitalFilter(KnownChoiceFilter):
    """For operators: everybody else has one hospital, and a filter of one choice is not shown."""

    title = _("hospital")
    parameter_name = "hospital"
    field = "hospital_id"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        assert isinstance(request.user, User)
        if not request.user.is_operator:
            return []
        return [(str(pk), name) for pk, name in Hospital.objects.values_list("pk", "name")]


class ActiveFilter(KnownChoiceFilter):
    title = _("access")
    parameter_name = "active"
    texts: ClassVar = {"yes": _("active"), "no": _("deactivated")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(user__is_active=value == "yes")


class FormFilter(ListFilter):
    """Narrows by what is typed in a small form of its own, whose fields are the expected parameters."""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[str(name)] = params.pop(str(name))[-1]

    def has_output(self) -> bool:
        return True

    @property
    def other_parameters(self) -> list[tuple[str, str]]:
        """What the form must carry along."""
        dropped = {*self.expected_parameters(), "p", "e"}
        return [(name, self.request.GET[name]) for name in self.request.GET if name not in dropped]


class DayRangeFilter(FormFilter):
    """From one day to another, both included, in the zone of the page."""

    title = _("day")
    template = "admin/filter_days.html"
    field = ""
    # Whether there are rows of days to come.
    looks_ahead = True
    from_name = "from"
    to_name = "to"

    @property
    def names(self) -> tuple[str, str]:
        return self.from_name, self.to_name

    def expected_parameters(self) -> list[str | None]:
        return [*self.names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        start, end = self._day(self.from_name), self._day(self.to_name)
        if start:
            queryset = queryset.filter(**{f"{self.field}__gte": _midnight(start)})
        if end:
            queryset = queryset.filter(**{f"{self.field}__lt": _midnight(end + dt.timedelta(days=1))})
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        today = timezone.localdate()
        spans = [
            (_("Any day"), None, None),
            (_("Today"), today, today),
            *([(_("Next 7 days"), today, today + dt.timedelta(days=6))] if self.looks_ahead else []),
            (_("Past 7 days"), today - dt.timedelta(days=6), today),
        ]
        chosen = tuple(self.used_parameters.get(name) for name in self.names)
        for label, start, end in spans:
            span = {self.from_name: start and str(start), self.to_name: end and str(end)}
            yield {
                "selected": chosen == tuple(span.values()),
                "query_string": changelist.get_query_string(
                    {name: day for name, day in span.items() if day}, [*span] if not start else None
                ),
                "display": label,
            }

    @property
    def inputs(self) -> list[dict[str, Any]]:
        labels = {self.from_name: _("From"), self.to_name: _("To")}
        return [{"name": n, "label": label, "value": self.used_parameters.get(n, "")} for n, label in labels.items()]

    def _day(self, name: str) -> dt.date | None:
        text = self.used_parameters.get(name)
        if not text:
            return None
        try:
            day = dt.date.fromisoformat(str(text))
        except ValueError as error:
            raise IncorrectLookupParameters from error
        if not 1900 <= day.year <= 2200:
            raise IncorrectLookupParameters
        return day


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())
