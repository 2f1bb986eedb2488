"""Every page that shows a record says so in the access log, however it is reached."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions.step_up import TRIES, is_step_up_locked
from accounts.models import AccessEvent, GuessCounter, Patient, User
from clinical.actions.refusals import VisitNotBegun
from clinical.actions.visits import confirm_identity
from clinical.models import Appointment, Prescription
from clinical.querysets import is_record_open
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = pytest.mark.django_db
MEDICATION = {
    "name": "Amoxicillin",
    "dose": "1",
    "route": "oral",
    "frequency": "daily",
    "duration_days": 7,
    "quantity": 7,
}


@pytest.fixture
def prescription(north: HospitalCast, patient: Patient) -> Prescription:
    make_visit(north.doctor, patient, timezone.now())
    return Prescription.objects.create(patient=patient, doctor=north.doctor, medications=[MEDICATION])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened() -> list[tuple[str, uuid.UUID | None]]:
    return list(AccessEvent.objects.filter(action__startswith="opened").values_list("action", "patient_id"))


@pytest.mark.parametrize("form", ["deny", "ask", "dispense"])
def test_a_review_page_with_errors_is_on_record(
    north: HospitalCast, patient: Patient, prescription: Prescription, form: str
) -> None:
    answer = signed_in(north.pharmacist.user).post(f"/staff/pharmacy/{prescription.pk}/{form}/")
    assert answer.status_code == 422
    assert opened() == [("opened_prescription", patient.pk)]


def test_the_prescribing_form_is_on_record(north: HospitalCast, patient: Patient, prescription: Prescription) -> None:
    assert signed_in(north.doctor.user).get(f"/staff/doctor/patients/{patient.pk}/prescribe/").status_code == 200
    assert opened() == [("opened_patient", patient.pk)]


def test_an_empty_answer_shows_the_prescription_on_record(
    north: HospitalCast, patient: Patient, prescription: Prescription
) -> None:
    answer = signed_in(north.doctor.user).post(f"/staff/doctor/prescriptions/{prescription.pk}/answer/")
    assert answer.status_code == 422
    assert opened() == [("opened_prescription", patient.pk)]


@pytest.mark.parametrize("spelling", ["{}", "urn_3Auuid_3A{}"])
def test_an_id_spelled_otherwise_is_on_record_in_the_portal(
    north: HospitalCast, patient: Patient, prescription: Prescription, spelling: str
) -> None:
    address = f"/admin/clinical/prescription/{spelling.format(prescription.pk)}/change/"
    assert signed_in(north.admin).get(address).status_code == 200
    assert opened() == [("opened_prescription", patient.pk)]


def test_a_cancelled_visit_opens_no_record(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(north.doctor, patient, timezone.now())
    assert is_record_open(north.doctor.user, patient.pk)
    Appointment.objects.filter(pk=visit.pk).update(status="CANCELLED")
    assert not is_record_open(north.doctor.user, patient.pk)


def test_nobody_sits_here_before_the_visit(north: HospitalCast, patient: Patient) -> None:
    now = timezone.now()
    visit = make_visit(north.doctor, patient, now + dt.timedelta(days=90))
    Appointment.objects.filter(pk=visit.pk).update(patient_match="phone")
    with pytest.raises(VisitNotBegun):
        confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=now)
    assert not is_record_open(north.doctor.user, patient.pk)


def test_a_doctor_lets_a_locked_phone_try_again(north: HospitalCast, patient: Patient) -> None:
    make_visit(north.doctor, patient, timezone.now())
    GuessCounter.objects.create(kind=TRIES, subject=str(patient.pk), hits=[timezone.now()] * 3)
    assert is_step_up_locked(patient.pk)
    doctor = signed_in(north.doctor.user)
    assert "Let it try again" in doctor.get(f"/staff/doctor/patients/{patient.pk}/").content.decode()
    doctor.post(f"/staff/doctor/patients/{patient.pk}/let-phone-in/")
    assert not is_step_up_locked(patient.pk)
    assert AccessEvent.objects.filter(action="released_step_up", patient_id=patient.pk).count() == 1
