"""A guest's visit that turns out to be a patient's: tied to the account of the phone number given with the booking."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Patient, Role, User
from clinical.mirror.facts import chain
from clinical.models import Appointment, AppointmentBooking
from clinical.refusals import NobodyToConfirm, NotFound, NotPermitted, VisitCancelled
from clinical.visits.decisions import may_decide


@transaction.atomic
def match_guest(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """Tie the visit to the patient of its phone number, as the mirror would with the next news of it.

    A match by phone proves nobody: it opens this visit, and the record only once it is confirmed. Again: no change.

    Raises: NotPermitted, NotFound, VisitCancelled, NobodyToConfirm (no patient has the number).
    """
    if not may_decide(by, by.hospital_id):
        raise NotPermitted
    # Bookings before their visit: the order in which the mirror locks them.
    bookings = list(AppointmentBooking.objects.select_for_update().filter(appointment=appointment_id).order_by("uid"))
    own = Appointment.objects.for_user(by).defer("cal_raw_payload").filter(pk=appointment_id)
    visit: Appointment | None = own.select_for_update(of=("self",)).first()
    if visit is None:
        raise NotFound
    if visit.status == Appointment.Status.CANCELLED:
        raise VisitCancelled
    if visit.patient_id is not None:
        return visit
    patient = _patient_of(bookings)
    if patient is None:
        raise NobodyToConfirm
    visit.patient_id, visit.patient_match = patient.pk, Appointment.PatientMatch.PHONE
    visit.save(update_fields=["patient_id", "patient_match"])
    record_access(
        by=by,
        action=AccessAction.DECIDED_VISIT,
        patient_id=visit.patient_id,
        object_kind="appointment",
        object_id=visit.pk,
        hospital_id=visit.hospital_id,
        reason="matched_by_phone",
    )
    return visit


def _patient_of(bookings: list[AppointmentBooking]) -> Patient | None:
    """Of the number that counts: the one given last."""
    ordered = chain(bookings) if bookings else []
    phone = next((one.attendee_phone for one in reversed(ordered) if one.attendee_at), None)
    if not phone:
        return None
    return Patient.objects.filter(user__phone=phone, user__role=Role.PATIENT, user__is_active=True).first()
