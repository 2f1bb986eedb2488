"""Erasing a patient in one go, for the tests of it."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from accounts.models import ErasureRequest, Patient, SmsMessage, User
from accounts.own_data.erasure import approve_erasure, carry_out_next_erasure
from clinical.models import AiSession, Appointment, AppointmentBooking, PrescriptionMessage
from hospitals.models import Doctor
from integrations.calcom.inbound.pull import pull_changed_bookings
from integrations.models import BookingRequest, VapiEvent
from tests.clinical.records import make_prescription, make_visit
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.mirror import PATIENT_PHONE, imported

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
NAME, NUMBER, WORDS = "Paula Patient", PATIENT_PHONE[1:], "my-own-words"


def ask(patient: Patient) -> ErasureRequest:
    return ErasureRequest.objects.create(patient=patient, asked_at=NOW)


def erase(patient: Patient, operator: User) -> ErasureRequest:
    request = approve_erasure(by=operator, request_id=ask(patient).pk, at=NOW)
    while carry_out_next_erasure(at=NOW):
        pass
    request.refresh_from_db()
    return request


def hits(text: str) -> list[str]:
    """The tables in which the text stands anywhere."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in sorted(tables):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" x WHERE x::text LIKE %s)', [f"%{text}%"])
            if cursor.fetchone() == (True,):
                found.append(table)
    return found


def mirrored_visit(connected: Connected) -> Appointment:
    """A past visit of the patient, pulled from Cal.com, where the name stays."""
    imported(
        connected,
        "a",
        start="2026-11-30T09:00:00Z",
        attendee={"name": NAME, "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW - 5 * MINUTE).isoformat(),
    )
    pull_changed_bookings()
    visit: Appointment = Appointment.objects.get()
    assert (visit.patient_id, visit.guest_name) == (connected.patient.pk, NAME)
    return visit


def fill(patient: Patient, doctor: Doctor) -> None:
    prescription = make_prescription(patient, doctor, take_over_reason=WORDS)
    # Given back: from here on the reason is in the history alone.
    prescription.take_over_reason = None
    prescription.save()
    prescription.status, prescription.denial_reason = "DENIED", "withdrawn"
    prescription.denial_note = WORDS
    prescription.save()
    PrescriptionMessage.objects.create(prescription=prescription, author=doctor.user, body=WORDS)
    AiSession.objects.create(
        patient=patient, source="PHONE_CALL", transcript=WORDS, summary=WORDS, vapi_session_id="call-1"
    )
    VapiEvent.objects.create(
        event_type="end", call_id="call-1", projection={"said": WORDS}, body_sha256="1", status="PROCESSED"
    )
    BookingRequest.objects.create(kind="book", patient=patient, doctor=doctor, reason=WORDS, state="done")
    SmsMessage.objects.create(kind="reminder", number=NUMBER)
    make_visit(patient, doctor, NOW - DAY, cancellation_reason=WORDS, guest_name=NAME)
    guest = make_visit(None, doctor, NOW - 2 * DAY, guest_name=NAME)
    AppointmentBooking.objects.create(
        uid=guest.cal_booking_id, appointment=guest, attendee_name=NAME, attendee_phone=NUMBER, attendee_at=NOW
    )
    User.objects.filter(pk=patient.pk).update(email="paula@example.org")
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=dt.date(1980, 5, 17), time_zone="Europe/Vienna")
