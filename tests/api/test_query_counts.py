"""How many queries a call makes, pinned: the same at 2 rows and at 20. One of them is the token's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.access_log.record import AccessAction, record_access
from accounts.models import DeviceToken, Patient, Role
from hospitals.models import Doctor, Hospital
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_prescription, make_session, make_visit

AT = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def add_rows(count: int, patient: Patient, north: HospitalCast) -> None:
    """Each row with a doctor of its own, so that a query per row would show."""
    for number in range(count):
        hospital = Hospital.objects.create(name=f"Hospital {patient.pk} {Hospital.objects.count()}")
        user = make_staff(hospital, Role.DOCTOR, f"d{number}-{hospital.pk}@x.test", f"Doctor {number}")
        doctor = Doctor.objects.create(user=user, hospital=hospital)
        session = make_session(patient, hospital=hospital)
        make_visit(patient, doctor, AT + dt.timedelta(days=number), ai_session=session)
        make_prescription(patient, doctor)
        record_access(by=user, action=AccessAction.OPENED_PATIENT, patient_id=patient.pk)
        DeviceToken.objects.create(user=patient.user)


def queries(api: APIClient, path: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as captured:
        answer = api.get(path)
    assert answer.status_code == 200
    return len(captured), len(answer.json()["results"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("hospitals/", 2),
        ("doctors/", 3),
        ("appointments/", 2),
        ("prescriptions/", 2),
        ("ai-sessions/", 3),
        ("access-log/", 4),
        ("auth/devices/", 2),
    ],
)
def test_a_list_makes_as_many_queries_at_20_rows_as_at_2(
    api: APIClient, patient: Patient, north: HospitalCast, path: str, expected: int
) -> None:
    add_rows(2, patient, north)
    at_two, rows = queries(api, f"/api/v1/{path}")
    assert (at_two, rows >= 2) == (expected, True)
    add_rows(18, patient, north)
    assert queries(api, f"/api/v1/{path}") == (expected, 20)


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "expected"), [("appointments", 2), ("me", 2), ("doctors", 3), ("hospitals", 2)])
def test_one_record_is_few_queries(
    api: APIClient, patient: Patient, north: HospitalCast, kind: str, expected: int
) -> None:
    paths = {
        "appointments": f"appointments/{make_visit(patient, north.doctor, AT).pk}/",
        "me": "me/",
        "doctors": f"doctors/{north.doctor.pk}/",
        "hospitals": f"hospitals/{north.hospital.pk}/",
    }
    with CaptureQueriesContext(connection) as captured:
        assert api.get(f"/api/v1/{paths[kind]}").status_code == 200
    assert len(captured) == expected
