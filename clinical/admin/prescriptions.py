from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.access_log.record import AccessAction
from accounts.people.names import patient_name
from clinical.admin.recorded_admin import RecordedAdmin
from clinical.models import Prescription
from clinical.prescriptions.history import prescription_history
from clinical.prescriptions.medications import stored_medications
from hospitals.admin.base import NONE, Badge, moment
from hospitals.admin.filters import DayRangeFilter, DoctorFilter, KnownChoiceFilter

STATUS_TEXTS: dict[str, Any] = {
    Prescription.Status.PENDING.value: gettext_lazy("waiting for a pharmacist"),
    Prescription.Status.APPROVED.value: gettext_lazy("approved, to dispense"),
    Prescription.Status.COMPLETED.value: gettext_lazy("dispensed"),
    Prescription.Status.DENIED.value: gettext_lazy("rejected"),
}


class StatusFilter(KnownChoiceFilter):
    title = gettext_lazy("status")
    parameter_name = "status"
    field = "status"
    texts = STATUS_TEXTS


class WrittenFilter(DayRangeFilter):
    field = "created_at"


@admin.register(Prescription)
class PrescriptionAdmin(RecordedAdmin):
    opened_action = AccessAction.OPENED_PRESCRIPTION
    is_opening_recorded_for_all = True
    list_title = gettext_lazy("Prescriptions")
    list_display = ("written", "doctor_name", "patient_name", "state", "pharmacist_name")
    list_filter = (WrittenFilter, StatusFilter, DoctorFilter)
    list_before_template = "admin/time_zone_note.html"
    after_template = "admin/clinical/steps.html"
    is_live = True
    ordering = ("-created_at", "-pk")
    written = moment("created_at", gettext_lazy("written"))
    claimed = moment("claimed_at", gettext_lazy("assigned"))
    decided = moment("decided_at", gettext_lazy("decided"))
    dispensed = moment("completed_at", gettext_lazy("dispensed"))
    fields = (
        "written",
        "doctor_name",
        "patient_name",
        "medication_lines",
        "state",
        "denial",
        "pharmacist_name",
        "claimed",
        "decided",
        "dispensed",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_people()  # type: ignore[attr-defined,no-any-return]

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        if isinstance(answer, TemplateResponse) and answer.context_data is not None:
            row = answer.context_data["original"]
            answer.context_data["steps"] = prescription_history(row)
        return answer

    def name_of(self, obj: Any) -> str:
        return _("Prescription of %(doctor)s") % {"doctor": obj.doctor.full_name}

    @display(description=gettext_lazy("doctor"))
    def doctor_name(self, prescription: Prescription) -> str:
        return prescription.doctor.full_name  # type: ignore[no-any-return]

    @display(description=gettext_lazy("patient"))
    def patient_name(self, prescription: Prescription) -> str:
        return patient_name(prescription.patient.user)

    @display(description=gettext_lazy("pharmacist"))
    def pharmacist_name(self, prescription: Prescription) -> str:
        return prescription.pharmacist.full_name if prescription.pharmacist else NONE

    @display(
        description=gettext_lazy("status"),
        label={"PENDING": "warning", "APPROVED": "info", "COMPLETED": "success", "DENIED": "danger"},
    )
    def state(self, prescription: Prescription) -> Badge:
        if prescription.status == Prescription.Status.PENDING and prescription.pharmacist_id:
            return Badge("PENDING", _("in review"))
        return Badge(prescription.status, STATUS_TEXTS[prescription.status])

    @display(description=gettext_lazy("rejection reason"))
    def denial(self, prescription: Prescription) -> str:
        parts = [prescription.get_denial_reason_display(), prescription.denial_note]
        return ": ".join(part for part in parts if part) or NONE

    @display(description=gettext_lazy("medications"))
    def medication_lines(self, prescription: Prescription) -> SafeString:
        lines = [
            (line.name, line.strength or "", line.dose, line.frequency)
            for line in stored_medications(prescription.medications)
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}, {}, {}</li>", lines))
