"""How a visit is named and how it stands, wherever it is shown."""

from __future__ import annotations

import datetime as dt

from accounts.people.names import patient_name
from clinical.models import Appointment


def visit_name(visit: Appointment) -> str:
    """Who is expected. Until the patient is proven, the name given with the booking leads."""
    if visit.patient is None:
        return visit.guest_name or ""
    if not visit.is_patient_identified and visit.guest_name:
        return visit.guest_name
    return patient_name(visit.patient.user)


def visit_state(visit: Appointment, *, at: dt.datetime) -> str:
    if visit.status == Appointment.Status.CANCELLED:
        return "cancelled"
    if visit.no_show:
        return "no_show"
    if visit.status == Appointment.Status.COMPLETED:
        return "completed"
    if visit.is_pending_confirmation:
        return "pending"
    if visit.end_ts <= at:
        return "overdue"
    return "now" if visit.start_ts <= at else "booked"
