"""The portal's visits: the list, the week, what needs a look, and what an admin says about one visit."""

from __future__ import annotations

import datetime as dt
import json
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.people.names import display_phone
from accounts.permissions import Permission, has_permission
from clinical.admin.reassigning import ReassignPages
from clinical.admin.recorded_admin import record_opening
from clinical.agenda.hospital_week import Week, hospital_week, visits_by_day, week_of
from clinical.models import Appointment
from clinical.patients.find import narrow_to_named, read_typed
from clinical.visits.attendance import SEEN_EARLY_BY, confirm_identity, match_guest
from clinical.visits.attention import ATTENTION_TEXTS, attention_lists, visits_needing_attention
from clinical.visits.decisions import REASON_LENGTH, ask_to_move, cancel_visit, keep_visit, may_decide, phone_of
from clinical.visits.history import visit_history
from clinical.visits.page import visit_page
from clinical.visits.shown import MATCH_TEXTS, VisitState, heading_of, how_known, visit_state
from core.refusals import NotPermitted, Refused
from hospitals.admin.base import Badge, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, DoctorFilter, KnownChoiceFilter
from hospitals.models import Doctor

# A calendar beyond these years is a slip of the keyboard.
YEARS = range(2000, 2101)
# The portal's names of the colours that a state has everywhere.
_COLOURS = {"good": "success", "bad": "danger", "warn": "warning", "brand": "info"}
LABELS = {state.value: _COLOURS[state.tone] for state in VisitState if state.tone}


class AppointmentPages(ReassignPages):
    change_form_outer_after_template = "admin/clinical/appointment/after_visit.html"

    def get_urls(self) -> list[URLPattern]:
        return [
            self._page("calendar/", self.calendar_view, "calendar"),
            self._page("conflicts/", self.attention_view, "attention"),
            self._page("reassign/<uuid:pk>/", self.reassign_view, "reassign"),
            self._page("<uuid:pk>/payload/", self.payload_view, "payload"),
            self._page("<uuid:pk>/confirm/", self.confirm_view, "confirm"),
            self._page("<uuid:pk>/match/", self.match_view, "match"),
            self._page("<uuid:pk>/decide/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    def _page(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        page: URLPattern = path(route, self.admin_site.admin_view(view), name=f"clinical_appointment_{name}")
        return page

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        if isinstance(answer, TemplateResponse) and answer.context_data is not None:
            visit, user = answer.context_data["original"], acting_user(request)
            answer.context_data |= {
                "steps": visit_history(visit),
                "can_open_payload": user.is_operator,
                "reason_length": REASON_LENGTH,
                "can_reassign": has_permission(user, Permission.MANAGE_HOURS, hospital=visit.hospital_id),
                "decision_state": visit_page(user=user, visit=visit, at=timezone.now()).decision_state,
                **_choices(visit, user, at=timezone.now()),
            }
        return answer

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        user = self._viewer(request)
        week = _week_asked_for(request)
        doctor = self._doctor(user, request.GET.get("doctor"))
        context: dict[str, Any] = {"week": week, "today": timezone.localdate(), "doctor": doctor}
        if doctor is not None:
            title = _("Week of %(name)s") % {"name": doctor.full_name}
            context["days"] = visits_by_day(user, doctor, week, at=timezone.now())
            self.record_listing(request, [one.visit for day in context["days"] for one in day.visits])
        else:
            title = _("Week")
            context["hospital_week"] = hospital_week(user, week)
        return self._render(request, "calendar", {**context, "title": title})

    def attention_view(self, request: HttpRequest) -> HttpResponse:
        user, at = self._viewer(request), timezone.now()
        lists = attention_lists(user, at=at)
        shown = [visit for one in lists for item in one.items for visit in (item.visit, item.other) if visit]
        self.record_listing(request, shown)
        context = {
            "title": _("Needs attention"),
            "lists": [(one, *ATTENTION_TEXTS[one.kind]) for one in lists],
            "may_decide": may_decide(user, user.hospital_id),
        }
        return self._render(request, "attention", context)

    def payload_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """What Cal.com sent, for an operator who broke the glass: it holds what no other page shows."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = self._viewer(request)
        if not user.is_operator:
            raise PermissionDenied
        visit = Appointment.objects.for_user(user).filter(pk=pk).first()
        if visit is None:
            return self.not_found(request, str(pk))
        record_opening(user, AccessAction.OPENED_VISIT, visit, kind="appointment_payload")
        text = json.dumps(visit.cal_raw_payload, indent=2, ensure_ascii=False, sort_keys=True)
        context = {"title": _("As Cal.com sent it"), "payload": text, "back": self.address("change", pk)}
        return self._render(request, "payload", context)

    def confirm_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        done = _("Confirmed. The patient's record is open to the doctor of this visit.")
        return self._act(request, pk, confirm_identity, done)

    def match_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        done = _(
            "Linked to the patient with this number. The record stays closed until somebody confirms who sits there."
        )
        return self._act(request, pk, match_guest, done)

    def decide_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
        choice = request.POST.get("choice", "")
        if choice == "keep":
            return self._act(request, pk, keep_visit, _("It stays as booked."))
        if choice in ("ask_to_move", "cancel") and not reason:
            return self._act(request, pk, None, _("Say why: the patient will want to know."))
        if choice == "ask_to_move":
            return self._act(request, pk, ask_to_move, _("The patient is asked to choose another time."), reason=reason)
        if choice == "cancel":
            return self._act(request, pk, cancel_visit, _("The cancellation is on its way to Cal.com."), reason=reason)
        return self._act(request, pk, None, _("Choose what is to happen with the appointment."))

    def _act(
        self, request: HttpRequest, pk: uuid.UUID, action: Callable[..., object] | None, done: str, **facts: str
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = self._viewer(request)
        if not may_decide(user, user.hospital_id):
            raise PermissionDenied
        if not Appointment.objects.for_user(user).filter(pk=pk).exists():
            return self.not_found(request, str(pk))
        if action is None:
            self.message_user(request, done, messages.ERROR)
            return HttpResponseRedirect(self.address("change", pk))
        try:
            action(appointment_id=pk, by=user, at=timezone.now(), **facts)
        except NotPermitted:
            raise
        except Refused as refused:
            self.message_user(request, str(refused.message), messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        back = self.address("attention") if request.POST.get("back") == "attention" else self.address("change", pk)
        return HttpResponseRedirect(back)

    def _viewer(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return acting_user(request)

    def _doctor(self, user: User, text: str | None) -> Doctor | None:
        try:
            pk = uuid.UUID(text or "")
        except ValueError:
            return None
        doctor: Doctor | None = Doctor.objects.for_user(user).with_names().filter(pk=pk).first()
        return doctor

    def _render(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        everything = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/clinical/appointment/{name}.html", everything)


def _choices(visit: Appointment, user: User, *, at: dt.datetime) -> dict[str, bool]:
    """What the user may say about the visit now."""
    allowed = may_decide(user, user.hospital_id) and visit.status != Appointment.Status.CANCELLED
    has_begun = visit.start_ts - SEEN_EARLY_BY <= at
    return {
        "can_decide": allowed and visit.status == Appointment.Status.SCHEDULED and visit.start_ts > at,
        "can_confirm": allowed and has_begun and bool(visit.patient_id) and not visit.is_patient_identified,
        "can_match": allowed and visit.patient_id is None,
    }


def _week_asked_for(request: HttpRequest) -> Week:
    zone = zoneinfo.ZoneInfo(timezone.get_current_timezone_name())
    try:
        day = dt.date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        day = timezone.localdate()
    return week_of(day if day.year in YEARS else timezone.localdate(), zone)


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
    search_help_text = gettext_lazy("Beginning of a patient's name, or a phone number. Searches are on record.")
    list_filter = (StartFilter, StatusFilter, DoctorFilter, PatientFilter, AttentionFilter)
    list_before_template = "admin/clinical/appointment/before_list.html"
    change_form_before_template = "admin/time_zone_note.html"
    start = moment("start_ts", gettext_lazy("start"))
    end = moment("end_ts", gettext_lazy("end"))
    booked_at = moment("created_at", gettext_lazy("booked"))
    synced_at = moment("last_synced_at", gettext_lazy("last news of it"))
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
        return _("Visit to %(doctor)s") % {"doctor": obj.doctor.full_name}

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

    @display(description=gettext_lazy("how we know the patient"))
    def match(self, appointment: Appointment) -> Any:
        return how_known(appointment)
