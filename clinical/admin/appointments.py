"""The portal's list of visits, with its filters; the pages of one are in `appointment_pages`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.people.names import display_phone
from clinical.admin.appointment_pages import AppointmentPages
from clinical.models import Appointment
from clinical.patients.find import narrow_to_named, read_typed
from clinical.visits.attention import ATTENTION_TEXTS, visits_needing_attention
from clinical.visits.decisions import phone_of
from clinical.visits.shown import MATCH_TEXTS, VisitState, heading_of, how_known, visit_name, visit_state
from hospitals.admin.base import Badge, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, DoctorFilter, KnownChoiceFilter

# The portal's names of the colours that a state has everywhere.
_COLOURS = {"good": "success", "bad": "danger", "warn": "warning", "brand": "info"}
# Every state: the package shows the value itself where it finds none.
LABELS = {state.value: _COLOURS.get(state.tone) for state in VisitState}


def _days_shown(given: QueryDict) -> dict[str, str]:
    """The first and the last day of the list. Unless days are given: of a search and of what needs a look, all days
    from today on; else today.
    """
    names = (StartFilter.from_name, StartFilter.to_name)
    if any(name in given for name in (*names, StartFilter.any_name)):
        return {name: str(given[name]) for name in names if given.get(name)}
    today = timezone.localdate().isoformat()
    if given.get("q") or given.get(AttentionFilter.parameter_name):
        return {StartFilter.from_name: today}
    return dict.fromkeys(names, today)


def _chips(given: QueryDict) -> list[tuple[Any, str, bool]]:
    """The days asked for most: name, address, whether it is shown now."""
    today = timezone.localdate()
    tomorrow, monday = today + dt.timedelta(days=1), today - dt.timedelta(days=today.weekday())
    spans = [
        (_("Today"), today, today),
        (_("Tomorrow"), tomorrow, tomorrow),
        (_("This week"), monday, monday + dt.timedelta(days=6)),
    ]
    chips = []
    for name, first, last in spans:
        days = {StartFilter.from_name: first.isoformat(), StartFilter.to_name: last.isoformat()}
        kept = given.copy()
        for dropped in (*days, StartFilter.any_name, "p", "e"):
            kept.pop(dropped, None)
        kept.update(days)
        is_shown = _days_shown(given) == days
        chips.append((name, f"?{kept.urlencode()}", is_shown))
    return chips


class StatusFilter(KnownChoiceFilter):
    title = gettext_lazy("status")
    parameter_name = "status"
    field = "status"
    texts: ClassVar = {
        Appointment.Status.SCHEDULED.value: VisitState.BOOKED.label,
        Appointment.Status.COMPLETED.value: VisitState.COMPLETED.label,
        Appointment.Status.CANCELLED.value: VisitState.CANCELLED.label,
        VisitState.NO_SHOW.value: VisitState.NO_SHOW.label,
    }

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(no_show=True) if value == VisitState.NO_SHOW else super().narrow(queryset, value)


class PatientFilter(KnownChoiceFilter):
    title = gettext_lazy("patient")
    parameter_name = "match"
    field = "patient_match"
    texts = MATCH_TEXTS

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        # Said so that the index of guests answers: they are few.
        if value == Appointment.PatientMatch.NONE:
            return queryset.filter(patient__isnull=True)
        return super().narrow(queryset, value)


class StartFilter(DayRangeFilter):
    """The list opens on today, a search on what is to come: every day is a choice of its own (`day=any`)."""

    field = "start_ts"
    any_name = "day"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        # Not in the address: the search box would carry them along.
        self.used_parameters |= _days_shown(request.GET)

    def expected_parameters(self) -> list[str | None]:
        return [*self.names, self.any_name]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            if choice["display"] == _("Any day"):
                query = changelist.get_query_string({self.any_name: "any"}, [*self.names])
                yield {**choice, "query_string": query}
            else:
                yield choice


class AttentionFilter(KnownChoiceFilter):
    title = gettext_lazy("what needs a look")
    parameter_name = "conflict"
    texts: ClassVar = {kind: title for kind, (title, _advice) in ATTENTION_TEXTS.items()}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.user = acting_user(request)
        return super().queryset(request, queryset)

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=visits_needing_attention(self.user, value, at=timezone.now()))


@admin.register(Appointment)
class AppointmentAdmin(AppointmentPages):
    """The mirror of the booking calendar: who comes when. Changes are made in the calendar."""

    opened_action = AccessAction.OPENED_VISIT
    # The page names the patient's number.
    is_opening_recorded_for_all = True
    list_title = gettext_lazy("Appointments")
    list_display = ("start", "doctor_name", "patient_name", "state", "match")
    # Shows the box; `get_search_results` looks itself, by index.
    search_fields = ("patient",)
    search_help_text = gettext_lazy("Beginning of a patient's name, or a phone number. Searches are logged.")
    list_filter = (StartFilter, StatusFilter, DoctorFilter, PatientFilter, AttentionFilter)
    list_before_template = "admin/clinical/appointment/before_list.html"
    actions_template = "admin/clinical/appointment/actions.html"
    after_template = "admin/clinical/appointment/after.html"
    is_live = True
    start = moment("start_ts", gettext_lazy("start"))
    end = moment("end_ts", gettext_lazy("end"))
    booked_at = moment("created_at", gettext_lazy("booked"))
    synced_at = moment("last_synced_at", gettext_lazy("last updated"))
    fields = (
        "start",
        "end",
        "doctor_name",
        "patient_name",
        "phone",
        "match",
        "state",
        "cancellation_reason",
        "booked_at",
        "synced_at",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """As a day passes; without a first day, the latest first."""
        return ("start_ts", "pk") if StartFilter.from_name in _days_shown(request.GET) else ("-start_ts", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term or not isinstance(request.user, User):
            return queryset, False
        return narrow_to_named(queryset, search_term, by=request.user), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        user, text = acting_user(request), request.GET.get("q", "")
        if read_typed(text).says_enough and self.has_view_permission(request):
            record_access(by=user, action=AccessAction.SEARCHED_PATIENTS, object_kind="appointment")
        return super().changelist_view(request, {"chips": _chips(request.GET), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_people()  # type: ignore[attr-defined,no-any-return]

    def name_of(self, obj: Any) -> str:
        names = {"patient": visit_name(obj), "doctor": obj.doctor.full_name}
        return _("Appointment \N{EN DASH} %(patient)s, %(doctor)s") % names

    @display(description=gettext_lazy("doctor"))
    def doctor_name(self, appointment: Appointment) -> str:
        return appointment.doctor.full_name  # type: ignore[no-any-return]

    @display(description=gettext_lazy("patient"))
    def patient_name(self, appointment: Appointment) -> str:
        return heading_of(appointment, at=timezone.now()).name_and_account

    @display(description=gettext_lazy("phone"))
    def phone(self, appointment: Appointment) -> str:
        """Of the account; of a guest, as it was typed with the booking."""
        number = phone_of(appointment)
        if number is None:
            return _("no number")
        return format_html('<a class="text-link" href="tel:+{}">{}</a>', number, display_phone(number))

    @display(description=gettext_lazy("status"), label=LABELS)
    def state(self, appointment: Appointment) -> Badge:
        state = visit_state(appointment, at=timezone.now())
        return Badge(state.value, state.label)

    @display(description=gettext_lazy("patient match"))
    def match(self, appointment: Appointment) -> Any:
        return how_known(appointment)
