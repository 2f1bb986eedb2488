from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access_log.record import AccessAction, record_access
from clinical.dashboard.pages import (
    StaffRequest,
    doctor_page,
    is_poll,
    is_poll_of_shown_page,
    live_page,
    outcome_told,
    sent_to,
    tell,
)
from clinical.models import Appointment, VisitDecision
from clinical.visits.attendance import confirm_identity, mark_completed, mark_no_show, unmark_visit
from clinical.visits.decisions import ask_to_move, cancel_visit, keep_visit
from clinical.visits.page import BACK, VisitDecisionForm, visit_page
from core.refusals import Refused


@doctor_page
@require_GET
def visit(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    """One visit: all there is to see of a person who is not proven."""
    context = _context(request, visit_id, timezone.now()) | {"form": VisitDecisionForm()}
    if is_poll(request) and request.GET.get("offers", "") != context["page"].offers:
        # Its buttons are those of a visit that stood otherwise: the whole page anew.
        return HttpResponse(headers={"HX-Redirect": reverse("staff:doctor-visit", args=[visit_id])})
    return live_page(request, page="clinical/visit.html", part="clinical/_visit.html", context=context)


@doctor_page
@sent_to("staff:doctor-visit")
def complete(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Recorded: attended."), undo=_undo(request, visit_id)):
        mark_completed(appointment_id=visit_id, by=request.user, at=timezone.now())
    return _back(request, visit_id)


@doctor_page
@sent_to("staff:doctor-visit")
def no_show(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Recorded: no-show."), undo=_undo(request, visit_id)):
        mark_no_show(appointment_id=visit_id, by=request.user, at=timezone.now())
    return _back(request, visit_id)


@doctor_page
@sent_to("staff:doctor-visit")
def unmark(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("Outcome cleared.")):
        unmark_visit(appointment_id=visit_id, by=request.user, at=timezone.now())
    return _back(request, visit_id)


@doctor_page
@sent_to("staff:doctor-visit")
def confirm(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    try:
        row = confirm_identity(appointment_id=visit_id, by=request.user, at=timezone.now())
    except Refused as refused:
        tell(request, refused)
        return redirect("staff:doctor-visit", visit_id)
    messages.success(request, _("Confirmed. The patient's record is open to you."))
    return redirect("staff:doctor-patient", row.patient_id)


@doctor_page
@sent_to("staff:doctor-visit")
def change(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Ask the patient to choose another time; or cancel the visit, which is asked once more."""
    now = timezone.now()
    form = VisitDecisionForm(request.POST)
    if not form.is_valid():
        return _page_again(request, visit_id, now, form, status=422)
    choice, reason = form.cleaned_data["choice"], form.cleaned_data["reason"]
    if choice == BACK:
        return _page_again(request, visit_id, now, VisitDecisionForm(initial={"reason": reason}))
    if choice == VisitDecision.Choice.CANCEL:
        context = _context(request, visit_id, now) | {"form": form}
        if context["page"].can_change:
            return render(request, "clinical/visit_cancel.html", context)
    is_cancelled = choice != VisitDecision.Choice.ASK_TO_MOVE
    act = cancel_visit if is_cancelled else ask_to_move
    said = (
        _("The appointment is being cancelled.") if is_cancelled else _("The patient is asked to choose another time.")
    )
    with outcome_told(request, said):
        act(appointment_id=visit_id, reason=reason, by=request.user, at=now)
    return redirect("staff:doctor-visit", visit_id)


def _page_again(
    request: StaffRequest, visit_id: uuid.UUID, now: dt.datetime, form: VisitDecisionForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "clinical/visit.html", _context(request, visit_id, now) | {"form": form}, status=status)


@doctor_page
@sent_to("staff:doctor-visit")
def keep(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    with outcome_told(request, _("The appointment stays as it was booked.")):
        keep_visit(appointment_id=visit_id, by=request.user, at=timezone.now())
    return redirect("staff:doctor-visit", visit_id)


def _context(request: StaffRequest, visit_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    row = get_object_or_404(Appointment.objects.for_user(request.user).with_people(), pk=visit_id)
    if not is_poll_of_shown_page(request):
        _record_opening(request, row)
    page = visit_page(user=request.user, visit=row, at=now)
    address = reverse("staff:doctor-visit", args=[visit_id])
    return {"page": page, "visit": row, "live_url": f"{address}?offers={page.offers}"}


def _record_opening(request: StaffRequest, row: Appointment) -> None:
    record_access(
        by=request.user,
        action=AccessAction.OPENED_VISIT,
        patient_id=row.patient_id,
        object_kind="appointment",
        object_id=row.pk,
        hospital_id=row.hospital_id,
    )


def _undo(request: StaffRequest, visit_id: uuid.UUID) -> str:
    """Where the message's button clears the outcome."""
    address = reverse("staff:visit-unmark", args=[visit_id])
    return f"{address}?back=day" if _is_of_the_day(request) else address


def _back(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    """To the visit; to its place on the day where the button was there."""
    if not _is_of_the_day(request):
        return redirect("staff:doctor-visit", visit_id)
    start = Appointment.objects.for_user(request.user).values_list("start_ts", flat=True).get(pk=visit_id)
    day = reverse("staff:doctor-day", kwargs={"date": timezone.localdate(start)})
    return redirect(f"{day}#visit-{visit_id}")


def _is_of_the_day(request: StaffRequest) -> bool:
    return request.GET.get("back") == "day"
