"""One prescription: the doctor reads it, prints it, takes it back, and answers the pharmacist."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access_log.record import AccessAction, record_access
from accounts.people.names import patient_name
from clinical.dashboard.pages import StaffRequest, doctor_page, outcome_told, sent_to
from clinical.models import Prescription
from clinical.prescriptions.actions import answer_pharmacist, withdraw_prescription
from clinical.prescriptions.follow_up import dismiss_prescription, is_unsettled, undo_dismissal
from clinical.prescriptions.forms import MessageForm
from clinical.prescriptions.medications import stored_medications
from clinical.prescriptions.states import OPEN


@doctor_page
@require_GET
def prescription(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    return _page(request, prescription_id, MessageForm())


@doctor_page
@require_GET
def paper(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    """The prescription on a sheet of A5."""
    row = _on_record(request, prescription_id, AccessAction.PRINTED)
    context = {
        "prescription": row,
        "medications": stored_medications(row.medications),
        "name": patient_name(row.patient.user),
    }
    return render(request, "clinical/prescription_paper.html", context)


def _on_record(request: StaffRequest, prescription_id: uuid.UUID, action: AccessAction) -> Prescription:
    visible = Prescription.objects.for_user(request.user).with_people()
    row: Prescription = get_object_or_404(visible, pk=prescription_id)
    record_access(
        by=request.user,
        action=action,
        patient_id=row.patient_id,
        object_kind="prescription",
        object_id=row.pk,
        hospital_id=row.hospital_id,
    )
    return row


def _page(request: StaffRequest, prescription_id: uuid.UUID, form: MessageForm, *, status: int = 200) -> HttpResponse:
    row = _on_record(request, prescription_id, AccessAction.OPENED_PRESCRIPTION)
    context = {
        "prescription": row,
        "medications": stored_medications(row.medications),
        "name": patient_name(row.patient.user),
        "thread": row.messages.select_related("author__profile"),
        "is_own": row.doctor_id == request.user.pk,
        "is_open": row.status in OPEN,
        "is_unsettled": row.doctor_id == request.user.pk and is_unsettled(row),
        "answer_form": form,
    }
    return render(request, "clinical/prescription.html", context, status=status)


@doctor_page
@sent_to("staff:doctor-prescription")
def withdraw(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("The prescription is withdrawn.")):
        withdraw_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
    return redirect("staff:doctor-prescription", prescription_id)


@doctor_page
@sent_to("staff:doctor-prescription")
def answer(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, prescription_id, form, status=422)
    text = form.cleaned_data["text"]
    with outcome_told(request, _("Your answer is with the pharmacy.")):
        answer_pharmacist(prescription_id=prescription_id, by=request.user, text=text, at=timezone.now())
    return redirect("staff:doctor-prescription", prescription_id)


@doctor_page
@sent_to("staff:doctor-prescription")
def dismiss(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    undo = reverse("staff:prescription-undismiss", args=[prescription_id])
    with outcome_told(request, _("Dismissed. It is no longer shown on your day."), undo=undo):
        dismiss_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
    return redirect("staff:doctor-day")


@doctor_page
@sent_to("staff:doctor-prescription")
def undismiss(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("It is shown on your day again.")):
        undo_dismissal(prescription_id=prescription_id, by=request.user)
    return redirect("staff:doctor-day")
