from __future__ import annotations

import datetime as dt
import uuid

import pytest
from rest_framework.test import APIClient

from accounts.access_log.record import AccessAction, record_access
from accounts.models import AccessEvent, Patient
from clinical.models import Prescription
from clinical.prescriptions.medications import as_json
from tests.cast import HospitalCast
from tests.clinical.records import MEDICATION, make_prescription, make_session, make_visit

AT = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]


def test_a_prescription_is_shown_and_its_opening_is_on_record(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    prescription = make_prescription(patient, north.doctor, created_at=AT)
    shape = {
        "id": str(prescription.pk),
        "doctor": {"id": str(north.doctor.pk), "full_name": "Dora North", "specialty": "Cardiology"},
        "hospital": {"id": str(north.hospital.pk), "name": "North", "time_zone": "Europe/Vienna"},
        "medications": as_json([MEDICATION]),
        "status": "PENDING",
        "denial_reason": None,
        "created_at": "2026-03-02T11:00:00+01:00",
        "updated_at": None,
    }
    assert api.get("/api/v1/prescriptions/").json()["results"] == [shape]
    assert not AccessEvent.objects.exists()
    assert api.get(f"/api/v1/prescriptions/{prescription.pk}/").json() == shape
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id, event.actor_id) == (
        "opened_prescription",
        str(prescription.pk),
        patient.pk,
    )


def test_prescriptions_are_filtered_by_status(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    make_prescription(patient, north.doctor)
    denied = make_prescription(
        patient, north.doctor, status=Prescription.Status.DENIED, denial_reason=Prescription.DenialReason.WITHDRAWN
    )
    results = api.get("/api/v1/prescriptions/?status=DENIED").json()["results"]
    assert [(row["id"], row["denial_reason"]) for row in results] == [(str(denied.pk), "withdrawn")]
    assert api.get("/api/v1/prescriptions/?status=LOST").status_code == 400


def test_a_talk_is_listed_without_its_transcript(
    api: APIClient, patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    session = make_session(patient, start_time=AT, ended_at=AT + dt.timedelta(minutes=5), hospital=north.hospital)
    visit = make_visit(patient, north.doctor, AT, ai_session=session)
    make_visit(other_patient, north.doctor, AT, ai_session=session)
    shape = {
        "id": str(session.pk),
        "source": "PHONE_CALL",
        "start_time": "2026-03-02T11:00:00+01:00",
        "ended_at": "2026-03-02T11:05:00+01:00",
        "time_zone": "Europe/Vienna",
        "summary": "A talk",
        "appointments": [str(visit.pk)],
    }
    assert api.get("/api/v1/ai-sessions/").json()["results"] == [shape]
    assert not AccessEvent.objects.exists()
    one = api.get(f"/api/v1/ai-sessions/{session.pk}/").json()
    assert one == {**shape, "transcript": "Hello."}
    assert AccessEvent.objects.get().action == "opened_transcript"


def test_another_persons_records_are_absent(api: APIClient, other_patient: Patient, north: HospitalCast) -> None:
    prescription, session = make_prescription(other_patient, north.doctor), make_session(other_patient)
    for kind, pk in (("prescriptions", prescription.pk), ("ai-sessions", session.pk)):
        assert api.get(f"/api/v1/{kind}/").json()["results"] == []
        absent = api.get(f"/api/v1/{kind}/{uuid.uuid4()}/")
        answer = api.get(f"/api/v1/{kind}/{pk}/")
        same = answer.json() | {"request_id": absent["X-Request-ID"]}
        assert (answer.status_code, same) == (404, absent.json())
    assert not AccessEvent.objects.exists()


def test_the_access_log_says_who_opened_what(
    api: APIClient, patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    record_access(by=north.doctor.user, action=AccessAction.OPENED_PATIENT, patient_id=patient.pk)
    record_access(by=None, action=AccessAction.EXPORTED, patient_id=patient.pk)
    record_access(by=north.doctor.user, action=AccessAction.OPENED_PATIENT, patient_id=other_patient.pk)
    results = api.get("/api/v1/access-log/").json()["results"]
    for row in results:
        assert dt.datetime.fromisoformat(row.pop("at")).tzinfo is not None
    assert results == [
        {"actor_name": None, "actor_role": "SYSTEM", "hospital": None, "kind": "exported"},
        {
            "actor_name": "Dora North",
            "actor_role": "DOCTOR",
            "hospital": {"id": str(north.hospital.pk), "name": "North", "time_zone": "Europe/Vienna"},
            "kind": "opened_patient",
        },
    ]
