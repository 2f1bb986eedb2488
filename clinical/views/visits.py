from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.refusals import Refused
from clinical.actions.visits import SEEN_EARLY_BY, confirm_identity, mark_completed, mark_no_show
from clinical.doctor_day import visit_name, visit_state
from clinical.models import Appointment
from clinical.people import full_name
from clinical.views.access import StaffRequest, doctor_page
from clinical.views.outcomes import tell


@doctor_page
@require_GET
def visit(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    """One visit: all there is to see of a person who is not proven."""
    row = get_object_or_404(Appointment.objects.for_user(request.user).with_people(), pk=visit_id)
    now = timezone.now()
    context = {
        "visit": row,
        "name": visit_name(row),
        "state": visit_state(row, at=now),
        "account_name": full_name(row.patient.user) if row.patient else "",
        "phone_end": (row.patient.user.phone or "")[-4:] if row.patient else "",
        "has_begun": row.start_ts - SEEN_EARLY_BY <= now,
    }
    return render(request, "clinical/visit.html", context)


@doctor_page
@require_POST
def complete(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    try:
        mark_completed(appointment_id=visit_id, by=request.user, at=timezone.now())
        messages.success(request, _("The visit is marked as completed."))
    except Refused as refused:
        tell(request, refused)
    return redirect("staff:doctor-visit", visit_id)


@doctor_page
@require_POST
def no_show(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    try:
        mark_no_show(appointment_id=visit_id, by=request.user, at=timezone.now())
        messages.success(request, _("The visit is marked: nobody came."))
    except Refused as refused:
        tell(request, refused)
    return redirect("staff:doctor-visit", visit_id)


@doctor_page
@require_POST
def confirm(request: StaffRequest, visit_id: uuid.UUID) -> HttpResponse:
    try:
        row = confirm_identity(appointment_id=visit_id, by=request.user, at=timezone.now())
    except Refused as refused:
        tell(request, refused)
        return redirect("staff:doctor-visit", visit_id)
    messages.success(request, _("Confirmed. The patient's record is open to you."))
    return redirect("staff:doctor-patient", row.patient_id)
