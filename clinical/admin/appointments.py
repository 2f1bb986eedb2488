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
from clinical.visits.attention import CONFLICT_TEXTS, MATCH_TEXTS, VISIT_STATUS_TEXTS, visits_in_conflict
from hospitals.admin.base import Badge, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, DoctorFilter, KnownChoiceFilter


class StatusFilter(KnownChoiceFilter):
    title = gettext_lazy("status")
    parameter_name = "status"
    field = "status"
    texts: ClassVar = {**VISIT_STATUS_TEXTS, "no_show": gettext_lazy("did not come")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(no_show=True) if value == "no_show" else super().narrow(queryset, value)


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


class ConflictFilter(KnownChoiceFilter):
    title = gettext_lazy("what needs a look")
    parameter_name = "conflict"
    texts: ClassVar = {kind: title for kind, (title, _advice) in CONFLICT_TEXTS.items()}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.user = acting_user(request)
        return super().queryset(request, queryset)

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=visits_in_conflict(self.user, value, at=timezone.now()))


@admin.register(Appointment)
class AppointmentAdmin(AppointmentPages):
    """The mirror of the booking calendar: who comes when. Changes are made in the calendar."""

    opened_action = AccessAction.OPENED_VISIT
    list_title = gettext_lazy("Appointments")
    list_display = ("start", "doctor_name", "patient_name", "state", "match")
    list_filter = (StartFilter, StatusFilter, DoctorFilter, PatientFilter, ConflictFilter)
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
        if appointment.patient is None:
            return appointment.guest_name or _("guest")
        profile = getattr(appointment.patient.user, "profile", None)
        return profile.full_name if profile else _("no name given")

    @display(
        description=gettext_lazy("status"),
        label={"SCHEDULED": "info", "COMPLETED": "success", "CANCELLED": "danger", "no_show": "warning"},
    )
    def state(self, appointment: Appointment) -> Badge:
        if appointment.no_show and appointment.status != Appointment.Status.CANCELLED:
            return Badge("no_show", _("did not come"))
        if appointment.is_pending_confirmation:
            return Badge("SCHEDULED", _("waits for confirmation"))
        return Badge(appointment.status, VISIT_STATUS_TEXTS[appointment.status])

    @display(description=gettext_lazy("how we know the patient"))
    def match(self, appointment: Appointment) -> Any:
        if appointment.identity_confirmed_at:
            return _("confirmed")
        return MATCH_TEXTS.get(appointment.patient_match, appointment.patient_match)
