"""What the patient API's tests find in the database."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from rest_framework.test import APIClient

from accounts.models import DeviceToken, Patient
from clinical.models import AiSession, Appointment, Prescription
from hospitals.models import Doctor
from tests.api.described import DescribedClient

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
_numbers = itertools.count(1)

MEDICATION = {
    "name": "Amoxicillin",
    "dose": "500 mg",
    "route": "oral",
    "frequency": "every 8 hours",
    "duration_days": 7,
    "quantity": 21,
    "refills": 0,
    "as_needed": False,
}


def sign_in(patient: Patient, **fields: Any) -> APIClient:
    _, token = DeviceToken.objects.create(user=patient.user, **fields)
    return client_with(token)


def client_with(token: str) -> APIClient:
    client = DescribedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def make_visit(patient: Patient | None, doctor: Doctor, start: dt.datetime, **fields: Any) -> Appointment:
    return Appointment.objects.create(
        **{
            "cal_booking_id": f"uid-{next(_numbers)}",
            "patient": patient,
            "doctor": doctor,
            "start_ts": start,
            "end_ts": start + dt.timedelta(minutes=30),
            "status": Appointment.Status.SCHEDULED,
            "cal_status": "accepted",
            "cal_raw_payload": {"secret": "never shown"},
            "patient_match": Appointment.PatientMatch.REFERENCE,
            **fields,
        }
    )


def make_prescription(patient: Patient, doctor: Doctor, **fields: Any) -> Prescription:
    return Prescription.objects.create(patient=patient, doctor=doctor, medications=[MEDICATION], **fields)


def make_session(patient: Patient, **fields: Any) -> AiSession:
    return AiSession.objects.create(
        patient=patient, source=AiSession.Source.PHONE_CALL, summary="A talk", transcript="Hello.", **fields
    )
