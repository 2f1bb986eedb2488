"""What was on its way while somebody was erased writes nothing about them."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import ErasureRequest, Patient, Profile, User
from accounts.own_data.erasure import approve_erasure
from accounts.people.actions import update_own_profile
from clinical.models import Prescription
from clinical.prescriptions.actions import prescribe
from core.refusals import PersonErased
from tests.cast import HospitalCast
from tests.clinical.records import MEDICATION, MEDICATION_ROW, make_prescription, make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def erase(patient: Patient) -> None:
    operator = User.objects.create(email="operator@wardbook.test", is_superuser=True)
    request = ErasureRequest.objects.create(patient=patient, asked_at=NOW)
    approve_erasure(by=operator, request_id=request.pk, at=NOW)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None


@pytest.fixture
def known(north: HospitalCast, patient: Patient) -> Patient:
    """Whose record stays open to the doctor: by an earlier prescription and a visit."""
    make_visit(patient, north.doctor, NOW - dt.timedelta(days=30))
    make_prescription(patient, north.doctor, status="DENIED", denial_reason="WITHDRAWN")
    return patient


def test_nothing_is_prescribed_for_an_erased_patient(north: HospitalCast, known: Patient) -> None:
    erase(known)
    with pytest.raises(PersonErased) as refused:
        prescribe(by=north.doctor.user, patient_id=known.pk, medications=[MEDICATION], at=NOW)
    assert (refused.value.code, Prescription.objects.count()) == ("person_erased", 1)


def test_the_form_says_why(north: HospitalCast, known: Patient) -> None:
    erase(known)
    browser = Client()
    browser.force_login(north.doctor.user)
    answer = browser.post(
        f"/staff/doctor/patients/{known.pk}/prescribe/", {**MEDICATION_ROW, "rows": "1", "action": "send"}
    )
    assert (answer.status_code, Prescription.objects.count()) == (422, 1)
    assert "This person has been erased" in answer.content.decode()


def test_a_profile_that_was_being_saved_is_not(patient: Patient) -> None:
    by = User.objects.get(pk=patient.pk)
    erase(patient)
    with pytest.raises(PersonErased):
        update_own_profile(by=by, changes={"full_name": "Paula", "date_of_birth": dt.date(1980, 5, 17)}, at=NOW)
    row = Patient.objects.get(pk=patient.pk)
    assert (row.date_of_birth, Profile.objects.filter(user=patient.pk).exists()) == (None, False)


@pytest.mark.django_db(transaction=True)
def test_a_prescription_waits_for_an_erasure_that_is_being_decided(north: HospitalCast, known: Patient) -> None:
    began = Event()

    def write() -> str:
        try:
            began.set()
            prescribe(by=north.doctor.user, patient_id=known.pk, medications=[MEDICATION], at=NOW)
        except PersonErased as refused:
            return refused.code
        finally:
            connection.close()
        return "prescribed"

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        erase(known)
        writing = pool.submit(write)
        began.wait()
        while not (somebody_waits() or writing.done()):
            pass
    assert (writing.result(), Prescription.objects.count()) == ("person_erased", 1)
