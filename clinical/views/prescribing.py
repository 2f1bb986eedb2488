from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.audit import AccessAction, record_access
from accounts.models import Patient
from accounts.refusals import Refused
from clinical.actions.prescriptions import prescribe, withdraw_prescription
from clinical.actions.questions import answer_pharmacist
from clinical.forms import MessageForm
from clinical.medication_rows import MedicationRows, sent_id
from clinical.medications import stored_medications
from clinical.models import Prescription
from clinical.patient_record import current_medications, open_patient
from clinical.people import age_on, patient_name
from clinical.views.access import StaffRequest, doctor_page
from clinical.views.outcomes import tell


@doctor_page
@require_http_methods(["GET", "POST"])
def new_prescription(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    patient = open_patient(request.user, patient_id)
    if patient is None:
        raise Http404
    if request.method == "GET":
        return _form(request, patient, MedicationRows())
    rows = MedicationRows.sent(request.POST)
    wish = request.POST.get("action", "save")
    if wish == "add":
        return _form(request, patient, rows.with_one_more())
    if wish.startswith("remove-"):
        place = wish.removeprefix("remove-")
        return _form(request, patient, rows.without(int(place) if place.isdecimal() else -1))
    if not rows.is_valid():
        rows.focus_first_error()
        return _form(request, patient, rows, status=422)
    try:
        prescription = prescribe(
            by=request.user,
            patient_id=patient_id,
            medications=rows.medications,
            at=timezone.now(),
            prescription_id=sent_id(request.POST),
        )
    except Refused as refused:
        tell(request, refused)
        return _form(request, patient, rows, status=422)
    messages.success(request, _("Prescribed. The pharmacy has it now."))
    return redirect("staff:doctor-prescription", prescription.pk)


def _form(request: StaffRequest, patient: Patient, rows: MedicationRows, *, status: int = 200) -> HttpResponse:
    context = {"rows": rows, "patient": patient, "prescription_id": sent_id(request.POST)}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "clinical/_medication_rows.html", context, status=status)
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PATIENT,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )
    now = timezone.now()
    today = timezone.localdate(now)
    context |= {
        "name": patient_name(patient.user),
        "age": age_on(patient.date_of_birth, today),
        "current": current_medications(patient.pk, at=now, today=today),
    }
    return render(request, "clinical/prescribe.html", context, status=status)


@doctor_page
@require_GET
def prescription(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    return _prescription_page(request, prescription_id, MessageForm())


def _prescription_page(
    request: StaffRequest, prescription_id: uuid.UUID, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    visible = Prescription.objects.for_user(request.user).with_people()
    row = get_object_or_404(visible, pk=prescription_id)
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PRESCRIPTION,
        patient_id=row.patient_id,
        object_kind="prescription",
        object_id=row.pk,
        hospital_id=row.hospital_id,
    )
    context = {
        "prescription": row,
        "medications": stored_medications(row.medications),
        "name": patient_name(row.patient.user),
        "thread": row.messages.select_related("author__profile"),
        "is_own": row.doctor_id == request.user.pk,
        "is_open": row.status in {"PENDING", "APPROVED"},
        "answer_form": form,
    }
    return render(request, "clinical/prescription.html", context, status=status)


@doctor_page
@require_POST
def withdraw(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    try:
        withdraw_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
        messages.success(request, _("The prescription is withdrawn."))
    except Refused as refused:
        tell(request, refused)
    return redirect("staff:doctor-prescription", prescription_id)


@doctor_page
@require_POST
def answer(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _prescription_page(request, prescription_id, form, status=422)
    try:
        text = form.cleaned_data["text"]
        answer_pharmacist(prescription_id=prescription_id, by=request.user, text=text, at=timezone.now())
        messages.success(request, _("Your answer is with the pharmacy."))
    except Refused as refused:
        tell(request, refused)
    return redirect("staff:doctor-prescription", prescription_id)
