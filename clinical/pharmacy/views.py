from __future__ import annotations

import uuid
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access_log.record import AccessAction, record_access
from accounts.people.names import age_text, full_name, patient_name
from clinical.dashboard.pages import (
    StaffRequest,
    is_poll,
    is_poll_of_shown_page,
    live_page,
    outcome_told,
    pharmacist_page,
    sent_to,
    tell,
)
from clinical.models import Prescription
from clinical.pharmacy.forms import DenyForm, DispenseForm, QueueFilters, TakeOverForm
from clinical.pharmacy.queue import pharmacy_queue
from clinical.pharmacy.review import prescription_review
from clinical.prescriptions.actions import (
    approve_prescription,
    ask_prescriber,
    claim_prescription,
    deny_prescription,
    dispense_prescription,
    release_prescription,
    take_over_prescription,
    undo_dispensing,
)
from clinical.prescriptions.forms import MessageForm
from clinical.prescriptions.medications import stored_medications
from clinical.prescriptions.states import OPEN, can_take_over
from core.refusals import Refused


@pharmacist_page
@require_GET
def queue(request: StaffRequest) -> HttpResponse:
    filters = QueueFilters.of(request.GET)
    if filters.patient and not is_poll_of_shown_page(request):
        record_access(
            by=request.user,
            action=AccessAction.SEARCHED_PATIENTS,
            object_kind="prescription",
            hospital_id=request.user.hospital_id,
        )
    address = reverse("staff:pharmacy-queue")
    context = {
        "queue": pharmacy_queue(user=request.user, at=timezone.now(), filters=filters),
        "filters": filters,
        "live_url": f"{address}?{filters.query}" if filters else address,
    }
    return live_page(
        request, page="clinical/pharmacy_queue.html", part="clinical/_pharmacy_queue.html", context=context
    )


@pharmacist_page
@require_GET
def review(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    return _page(request, _visible(request, prescription_id))


def _visible(request: StaffRequest, prescription_id: uuid.UUID) -> Prescription:
    visible = Prescription.objects.for_user(request.user).with_people()
    row: Prescription = get_object_or_404(visible, pk=prescription_id)
    return row


def _page(request: StaffRequest, row: Prescription, *, status: int = 200, **forms: Form) -> HttpResponse:
    """The review page, on record; a form that came back with errors takes the place of its blank one.

    What lives on it is the talk with the doctor, and a prescriber's withdrawal: to that the poll asks.
    """
    context: dict[str, Any] = {
        "prescription": row,
        "is_open": row.status in OPEN,
        "thread": row.messages.select_related("author__profile"),
        "live_url": reverse("staff:pharmacy-review", args=[row.pk]),
    }
    if not is_poll_of_shown_page(request):
        _record_opening(request, row)
    if not is_poll(request):
        context |= _facts(request, row) | forms
    part = "clinical/_pharmacy_talk.html"
    response = live_page(request, page="clinical/pharmacy_review.html", part=part, context=context)
    # A poll's own 304 stays.
    if status != 200:
        response.status_code = status
    return response


def _record_opening(request: StaffRequest, row: Prescription) -> None:
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PRESCRIPTION,
        patient_id=row.patient_id,
        object_kind="prescription",
        object_id=row.pk,
        hospital_id=row.hospital_id,
    )


def _facts(request: StaffRequest, row: Prescription) -> dict[str, Any]:
    now = timezone.now()
    today = timezone.localdate(now)
    return {
        "review": prescription_review(user=request.user, row=row, at=now, today=today),
        "patient": row.patient,
        "name": patient_name(row.patient.user),
        "age": age_text(row.patient.date_of_birth, today),
        "holder": full_name(row.pharmacist.user) if row.pharmacist else "",
        "is_mine": row.pharmacist_id == request.user.pk,
        "can_take_over": can_take_over(claimed_at=row.claimed_at, at=now),
        "take_over_form": TakeOverForm(),
        "deny_form": DenyForm(),
        "ask_form": MessageForm(),
        "dispense_form": DispenseForm(medications=stored_medications(row.medications)),
    }


@pharmacist_page
@sent_to("staff:pharmacy-review")
def claim(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    try:
        claim_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
    except Refused as refused:
        tell(request, refused)
        return redirect("staff:pharmacy-queue")
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def release(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Released. It is back in the queue.")):
        release_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
    return redirect("staff:pharmacy-queue")


@pharmacist_page
@sent_to("staff:pharmacy-review")
def take_over(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    form = TakeOverForm(request.POST)
    if not form.is_valid():
        return _page(request, _visible(request, prescription_id), status=422, take_over_form=form)
    with outcome_told(request, _("Reassigned to you. Your reason is logged.")):
        take_over_prescription(
            prescription_id=prescription_id, by=request.user, reason=form.cleaned_data["reason"], at=timezone.now()
        )
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def approve(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Approved. It can be dispensed now.")):
        approve_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now())
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def deny(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    form = DenyForm(request.POST)
    if not form.is_valid():
        return _page(request, _visible(request, prescription_id), status=422, deny_form=form)
    with outcome_told(request, _("Rejected. The doctor and the patient see the reason.")):
        deny_prescription(prescription_id=prescription_id, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def ask(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, _visible(request, prescription_id), status=422, ask_form=form)
    with outcome_told(request, _("Query sent. The answer appears here.")):
        ask_prescriber(
            prescription_id=prescription_id, by=request.user, text=form.cleaned_data["text"], at=timezone.now()
        )
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def dispense(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    row = _visible(request, prescription_id)
    form = DispenseForm(request.POST, medications=stored_medications(row.medications))
    if not form.is_valid():
        return _page(request, row, status=422, dispense_form=form)
    said = _("Dispensed. You can undo this for 5 minutes.")
    if form.is_short:
        said = _("Dispensed, less than prescribed. You can undo this for 5 minutes.")
    with outcome_told(request, said):
        dispense_prescription(prescription_id=prescription_id, by=request.user, lines=form.lines, at=timezone.now())
    return redirect("staff:pharmacy-review", prescription_id)


@pharmacist_page
@sent_to("staff:pharmacy-review")
def undo(request: StaffRequest, prescription_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Dispensing undone. The prescription is approved again.")):
        undo_dispensing(prescription_id=prescription_id, by=request.user, at=timezone.now())
    return redirect("staff:pharmacy-review", prescription_id)
