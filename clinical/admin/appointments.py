from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.access_log.record import AccessAction
from clinical.admin.appointment_pages import AppointmentPages
from clinical.models import Appointment
from clinical.visits.attention import ATTENTION_TEXTS, visits_needing_attention
from clinical.visits.shown import MATCH_TEXTS, VisitState, heading_of, how_known, visit_state
from hospitals.admin.base import Badge, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, DoctorFilter, KnownChoiceFilter

# The portal's names of the colours that a state has everywhere.
_COLOURS = {"good": "success", "bad": "danger", "warn": "warning", "brand": "info"}
LABELS = {state.value: _COLOURS[state.tone] for state in VisitState if state.tone}


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
    field = "start_ts"


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
    list_title = gettext_lazy("Appointments")
    list_display = ("start", "doctor_name", "patient_name", "state", "match")
    list_filter = (StartFilter, StatusFilter, DoctorFilter, PatientFilter, AttentionFilter)
    list_before_template = "admin/clinical/appointment/before_list.html"
    change_form_before_template = "admin/time_zone_note.html"
    ordering = ("-start_ts", "-pk")
    start = moment("start_ts", gettext_lazy("start"))
    end = moment("end_ts", gettext_lazy("end"))
    booked_at = moment("created_at", gettext_lazy("booked"))
    synced_at = moment("last_synced_at", gettext_lazy("last news of it"))
    fields = (
        "start",
        "end",
        "doctor_name",
        "patient_name",
        "match",
        "state",
        "cancellation_reason",
        "booked_at",
        "synced_at",
    )

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

    @display(description=gettext_lazy("status"), label=LABELS)
    def state(self, appointment: Appointment) -> Badge:
        state = visit_state(appointment, at=timezone.now())
        return Badge(state.value, state.label)

    @display(description=gettext_lazy("how we know the patient"))
    def match(self, appointment: Appointment) -> Any:
        return how_known(appointment)
