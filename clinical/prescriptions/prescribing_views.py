"""Writing a prescription: every press of a button is the form sent as it is, with a wish.

A prescription is sent from the review page alone; a form that names no wish is shown again.

The lines tell what the patient takes already. The page is on record, and its fragments with it: one that does not
prove whose page it belongs to is a read of its own.
"""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Patient
from accounts.people.names import age_text, patient_name
from clinical.dashboard.pages import StaffRequest, doctor_page, proof_of_page, proves_shown, tell
from clinical.models import Prescription
from clinical.prescriptions.actions import prescribe
from clinical.prescriptions.current import CurrentMedication, current_medications
from clinical.prescriptions.follow_up import is_unsettled
from clinical.prescriptions.forms import MedicationRows, sent_id
from clinical.prescriptions.medications import MAX_MEDICATIONS, stored_medications
from clinical.prescriptions.suggestions import forget_own, suggestion, suggestions
from clinical.querysets import open_patient
from core.refusals import Refused


@doctor_page
@require_http_methods(["GET", "POST"])
def new_prescription(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    patient = open_patient(request.user, patient_id)
    if patient is None:
        raise Http404
    if request.method == "GET":
        if request.htmx and "suggest" in request.GET:
            return _suggestions(request, patient)
        return _form(request, patient, _first_rows(request, patient))
    rows = MedicationRows.sent(request.POST)
    wish, _dash, rest = request.POST.get("action", "").partition("-")
    place, _dash, key = rest.partition("-")
    match wish:
        case "add":
            return _form(request, patient, rows.with_one_more())
        case "remove":
            return _form(request, patient, rows.without(_number(place)))
        case "suggest":
            found = suggestions(user=request.user, typed=rows.name_of(_number(place)))
            return _form(request, patient, rows.with_found(_number(place), found))
        case "pick":
            return _form(request, patient, rows.filled(_number(place), suggestion(user=request.user, key=key)))
        case "check":
            return _notice(request, patient, rows, _number(place))
        case "review" | "send":
            return _checked(request, patient, rows, is_signed=wish == "send")
        case _:
            return _form(request, patient, rows.unchecked())


def _number(place: str) -> int:
    """A line's number; beyond the last where none was named."""
    return int(place) if place.isascii() and place.isdigit() and len(place) < 4 else MAX_MEDICATIONS


def _first_rows(request: StaffRequest, patient: Patient) -> MedicationRows:
    """An empty line, or those of the earlier prescription that is to be repeated."""
    earlier_id = _repeated_id(request)
    if earlier_id is None:
        rows = MedicationRows()
        rows.focus(0, "name")
        return rows
    visible = Prescription.objects.for_user(request.user).filter(patient_id=patient.pk)
    earlier = get_object_or_404(visible, pk=earlier_id)
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PRESCRIPTION,
        patient_id=patient.pk,
        object_kind="prescription",
        object_id=earlier.pk,
        hospital_id=earlier.hospital_id,
    )
    return MedicationRows.repeating(stored_medications(earlier.medications))


def _repeated_id(request: StaffRequest) -> uuid.UUID | None:
    """The earlier prescription that the form's address names: the form is sent to the same address."""
    if "repeat" not in request.GET:
        return None
    try:
        return uuid.UUID(request.GET["repeat"])
    except ValueError:
        raise Http404 from None


def _replaced(request: StaffRequest, patient: Patient) -> Prescription | None:
    """The doctor's own that was rejected or expired, and whose place this one takes."""
    own = Prescription.objects.filter(doctor_id=request.user.pk, patient_id=patient.pk)
    earlier = own.filter(pk=earlier_id).first() if (earlier_id := _repeated_id(request)) else None
    return earlier if earlier and is_unsettled(earlier) else None


def _checked(request: StaffRequest, patient: Patient, rows: MedicationRows, *, is_signed: bool) -> HttpResponse:
    """The form again where something is wrong with it; else the review page, or, signed there, the prescription."""
    if not rows.is_valid():
        rows.focus_first_error()
        return _form(request, patient, rows, status=422)
    # The form sent twice gives the one prescription, which is no duplicate of itself.
    written = Prescription.objects.filter(pk=sent_id(request.POST), doctor_id=request.user.pk)
    rows.flag(_current(request, patient))
    if not rows.is_confirmed() and not written.exists():
        rows.focus_first_error()
        return _form(request, patient, rows, status=422)
    return _send(request, patient, rows) if is_signed else _review(request, patient, rows)


def _send(request: StaffRequest, patient: Patient, rows: MedicationRows) -> HttpResponse:
    try:
        prescription = prescribe(
            by=request.user,
            patient_id=patient.pk,
            medications=rows.medications,
            at=timezone.now(),
            prescription_id=sent_id(request.POST),
            confirmed=rows.confirmed,
            repeats=_repeated_id(request),
        )
    except Refused as refused:
        tell(request, refused)
        return _form(request, patient, rows, status=422)
    forget_own(request.user)
    messages.success(request, _("Prescription sent to the pharmacy."))
    return redirect("staff:doctor-prescription", prescription.pk)


def _review(request: StaffRequest, patient: Patient, rows: MedicationRows) -> HttpResponse:
    _record_fragment(request, patient)
    replaced = _replaced(request, patient)
    context = {
        "rows": rows,
        "replaced": replaced,
        "is_unchanged": replaced is not None and rows.medications == stored_medications(replaced.medications),
        "patient": patient,
        "prescription_id": sent_id(request.POST),
        "shown_proof": proof_of_page(request, request.path),
        "name": patient_name(patient.user),
        "age": age_text(patient.date_of_birth, timezone.localdate()),
    }
    return render(request, "clinical/prescribe_review.html", context)


def _form(request: StaffRequest, patient: Patient, rows: MedicationRows, *, status: int = 200) -> HttpResponse:
    current = _current(request, patient)
    rows.flag(current)
    context = {"rows": rows, "patient": patient, "prescription_id": sent_id(request.POST)}
    if request.htmx and not request.htmx.history_restore_request:
        _record_fragment(request, patient)
        return render(request, "clinical/_medication_rows.html", context, status=status)
    _record_opening(request, patient)
    context |= {
        "shown_proof": proof_of_page(request, request.path),
        "name": patient_name(patient.user),
        "age": age_text(patient.date_of_birth, timezone.localdate()),
        "current": current,
        "replaced": _replaced(request, patient),
    }
    return render(request, "clinical/prescribe.html", context, status=status)


def _current(request: StaffRequest, patient: Patient) -> list[CurrentMedication]:
    now = timezone.now()
    here = request.user.hospital_id
    return current_medications(patient.pk, at=now, today=timezone.localdate(now), waiting_at=here)


def _notice(request: StaffRequest, patient: Patient, rows: MedicationRows, place: int) -> HttpResponse:
    """What is to be said about one line, after its medicine was written."""
    if place >= len(rows.forms):
        raise Http404
    rows.flag(_current(request, patient))
    _record_fragment(request, patient)
    return render(request, "clinical/_same_medicine.html", {"form": rows.forms[place]})


def _record_fragment(request: StaffRequest, patient: Patient) -> None:
    if not proves_shown(request, request.path, request.POST.get("shown", "")):
        _record_opening(request, patient)


def _record_opening(request: StaffRequest, patient: Patient) -> None:
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PATIENT,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
    )


def _suggestions(request: StaffRequest, patient: Patient) -> HttpResponse:
    """Of what was prescribed to anybody here: nothing of this patient."""
    place = _number(request.GET["suggest"])
    found = suggestions(user=request.user, typed=request.GET.get(f"m{place}-name", ""))
    return render(request, "clinical/_suggestions.html", {"found": found, "place": place, "patient": patient})
