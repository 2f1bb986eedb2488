"""Visits and prescriptions for the tests of this app."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from accounts.models import Patient
from clinical.models import Appointment, Prescription
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


def make_visit(doctor: Doctor, patient: Patient | None, start: dt.datetime, **facts: Any) -> Appointment:
    facts.setdefault("patient_match", "reference" if patient else "none")
    facts.setdefault("status", "SCHEDULED")
    facts.setdefault("cal_status", "accepted")
    facts.setdefault("end_ts", start + dt.timedelta(minutes=facts.pop("minutes", 30)))
    return Appointment.objects.create(
        cal_booking_id=uuid.uuid4().hex,
        cal_raw_payload={},
        doctor=doctor,
        hospital=doctor.hospital,
        patient=patient,
        start_ts=start,
        **facts,
    )


def make_prescription(doctor: Doctor, patient: Patient, **facts: Any) -> Prescription:
    facts.setdefault("medications", as_json([MEDICATION]))
    return Prescription.objects.create(doctor=doctor, hospital=doctor.hospital, patient=patient, **facts)
