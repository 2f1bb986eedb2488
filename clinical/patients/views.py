from __future__ import annotations

import datetime as dt
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access_log.record import AccessAction, record_access
from accounts.devices.step_up import is_step_up_locked
from accounts.people.names import patient_name
from clinical.dashboard.pages import StaffRequest, doctor_page, sent_to
from clinical.models import AiSession, Appointment
from clinical.patients.record import patient_record
from clinical.patients.search import SHORTEST_NAME, begins_search, search_patients
from clinical.patients.step_up import release_step_up
from clinical.querysets import open_patient
from core.refusals import NotPermitted

EARLIER_THAN = range(1900, 2201)


@doctor_page
@require_GET
def search(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    result = search_patients(user=request.user, text=request.GET.get("q", ""), at=now)
    if result.is_asked and begins_search(request.session, result.text, at=now):
        record_access(by=request.user, action=AccessAction.SEARCHED_PATIENTS)
    template = "clinical/_patients_found.html" if request.htmx else "clinical/patients.html"
    return render(request, template, {"search": result, "shortest": SHORTEST_NAME})


@doctor_page
@require_GET
def patient(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    found = open_patient(request.user, patient_id)
    if found is None:
        return _only_the_visit(request, patient_id)
    now = timezone.now()
    before = _before(request)
    record = patient_record(user=request.user, patient=found, at=now, today=timezone.localdate(now), before=before)
    record_access(
        by=request.user,
        action=AccessAction.OPENED_PATIENT,
        patient_id=patient_id,
        object_kind="patient",
        object_id=patient_id,
    )
    context = {"record": record, "before": before, "is_step_up_locked": is_step_up_locked(patient_id)}
    return render(request, "clinical/patient.html", context)


def _before(request: StaffRequest) -> dt.datetime | None:
    """Where a page of earlier entries begins."""
    if "before" not in request.GET:
        return None
    try:
        moment = dt.datetime.fromisoformat(request.GET["before"])
    except ValueError:
        raise Http404 from None
    # Near the ends of the calendar, no zone can show the moment.
    if moment.tzinfo is None or moment.year not in EARLIER_THAN:
        raise Http404
    return moment


@doctor_page
@sent_to("staff:doctor-patient")
def let_phone_in(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    try:
        release_step_up(by=request.user, patient_id=patient_id, at=timezone.now())
    except NotPermitted:
        # As if there were no such patient.
        raise Http404 from None
    messages.success(request, _("The patient can try the date of birth again."))
    return redirect("staff:doctor-patient", patient_id)


def _only_the_visit(request: StaffRequest, patient_id: uuid.UUID) -> HttpResponse:
    """A visit matched by phone alone opens itself, not the record."""
    visits = Appointment.objects.for_user(request.user).filter(patient_id=patient_id)
    latest = visits.order_by("-start_ts", "-pk").values_list("pk", flat=True).first()
    if latest is None:
        raise Http404
    return redirect("staff:doctor-visit", latest)


# POST, since it is put on record, and no link or prefetch should do that.
@doctor_page
@require_http_methods(["GET", "POST"])
def transcript(request: StaffRequest, session_id: uuid.UUID) -> HttpResponse:
    sessions = AiSession.objects.for_reading(request.user).select_related("patient__user__profile")
    session = get_object_or_404(sessions, pk=session_id)
    if request.method == "GET":
        return redirect("staff:doctor-patient", session.patient_id)
    record_access(
        by=request.user,
        action=AccessAction.OPENED_TRANSCRIPT,
        patient_id=session.patient_id,
        object_kind="ai_session",
        object_id=session.pk,
        hospital_id=session.hospital_id,
    )
    name = patient_name(session.patient.user)
    template = "clinical/_transcript.html" if request.htmx else "clinical/transcript.html"
    return render(request, template, {"session": session, "name": name})
