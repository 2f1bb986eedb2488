"""Visits, prescriptions and talks, for the tests of every app."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from accounts.models import Patient
from clinical.models import AiSession, Appointment, Prescription
from clinical.prescriptions.medications import Medication, as_json
from hospitals.models import Doctor

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
MEDICATION = Medication(
    name="Ramipril",
    strength="5 mg",
    dose="1 tablet",
    route="oral",
    frequency="once a day",
    duration_days=30,
    quantity=30,
)
# What the form sends for it.
MEDICATION_ROW = {
    "m0-name": "Ramipril",
    "m0-strength": "5 mg",
    "m0-dose": "1 tablet",
    "m0-route": "oral",
    "m0-frequency": "once a day",
    "m0-duration_days": "30",
    "m0-quantity": "30",
}


def make_visit(patient: Patient | None, doctor: Doctor, start: dt.datetime, **facts: Any) -> Appointment:
    facts.setdefault("end_ts", start + dt.timedelta(minutes=facts.pop("minutes", 30)))
    return Appointment.objects.create(
        **{
            "cal_booking_id": f"uid-{uuid.uuid4().hex}",
            "cal_raw_payload": {"secret": "never shown"},
            "patient": patient,
            "patient_match": "reference" if patient else "none",
            "doctor": doctor,
            "hospital": doctor.hospital,
            "start_ts": start,
            "status": "SCHEDULED",
            "cal_status": "accepted",
            **facts,
        }
    )


def make_prescription(patient: Patient, doctor: Doctor, **facts: Any) -> Prescription:
    facts.setdefault("medications", as_json([MEDICATION]))
    return Prescription.objects.create(patient=patient, doctor=doctor, hospital=doctor.hospital, **facts)


def make_session(patient: Patient, **facts: Any) -> AiSession:
    source = AiSession.Source.PHONE_CALL
    return AiSession.objects.create(
        **{"patient": patient, "source": source, "summary": "A talk", "transcript": "Hello.", **facts}
    )
