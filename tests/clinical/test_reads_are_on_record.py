"""Every page that shows a record says so in the access log, however it is reached."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.devices.step_up import TRIES, is_step_up_locked
from accounts.models import AccessEvent, GuessCounter, Patient, User
from clinical.models import Appointment, Prescription
from clinical.querysets import is_record_open
from clinical.refusals import VisitNotBegun
from clinical.visits.attendance import confirm_identity
from tests.cast import HospitalCast
from tests.clinical.records import MEDICATION_ROW, make_visit

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
    make_visit(patient, north.doctor, timezone.now())
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


def proof_on(page: str) -> str:
    (proof,) = re.findall(r'name="shown" value="([^"]+)"|"X-Poll": "([^"]+)"', page)
    return str(proof[0] or proof[1])


@pytest.mark.parametrize("wish", ["add", "check-0"])
def test_fragments_of_the_prescribing_form_are_of_its_read(
    north: HospitalCast, patient: Patient, other_patient: Patient, prescription: Prescription, wish: str
) -> None:
    make_visit(other_patient, north.doctor, timezone.now())
    browser, at = signed_in(north.doctor.user), f"/staff/doctor/patients/{patient.pk}/prescribe/"
    proof = proof_on(browser.get(at).content.decode())
    sent, htmx = {**MEDICATION_ROW, "rows": "1", "action": wish}, {"HX-Request": "true"}
    assert browser.post(at, {**sent, "shown": proof}, headers=htmx).status_code == 200
    assert opened() == [("opened_patient", patient.pk)]
    # Without the page, or with another's: each is a read.
    browser.post(at, sent, headers=htmx)
    browser.post(at, {**sent, "shown": f"1{proof}"}, headers=htmx)
    browser.post(f"/staff/doctor/patients/{other_patient.pk}/prescribe/", {**sent, "shown": proof}, headers=htmx)
    assert opened()[1:] == [("opened_patient", one.pk) for one in (patient, patient, other_patient)]


def test_what_was_prescribed_before_names_no_patient_and_is_no_read(
    north: HospitalCast, patient: Patient, prescription: Prescription
) -> None:
    at = f"/staff/doctor/patients/{patient.pk}/prescribe/?suggest=0&m0-name=a"
    assert signed_in(north.doctor.user).get(at, headers={"HX-Request": "true"}).status_code == 200
    assert opened() == []


def test_a_visits_page_is_on_record_once_and_its_polls_are_not(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, timezone.now())
    browser, at = signed_in(north.doctor.user), f"/staff/doctor/visits/{visit.pk}/"
    page = browser.get(at).content.decode()
    (live,) = re.findall(r'hx-get="([^"]+)"', page)
    poll = {"HX-Request": "true", "X-Poll": proof_on(page)}
    assert [browser.get(live, headers=poll).status_code for _ in range(3)] == [200] * 3
    assert opened() == [("opened_visit", patient.pk)]
    (event,) = AccessEvent.objects.filter(action="opened_visit")
    assert (event.object_kind, event.object_id, event.hospital_id) == ("appointment", str(visit.pk), north.hospital.pk)
    browser.get(live, headers={**poll, "X-Poll": "1"})
    browser.post(f"{at}change/", {"choice": "cancel", "reason": "x" * 9000})
    assert opened() == [("opened_visit", patient.pk)] * 3


def test_a_guests_visit_is_on_record_too_and_anothers_is_not(north: HospitalCast, south: HospitalCast) -> None:
    visit = make_visit(None, north.doctor, timezone.now(), guest_name="Gustav Guest")
    at = f"/staff/doctor/visits/{visit.pk}/"
    assert signed_in(south.doctor.user).get(at).status_code == 404
    assert opened() == []
    assert signed_in(north.doctor.user).get(at).status_code == 200
    assert opened() == [("opened_visit", None)]


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
    visit = make_visit(patient, north.doctor, timezone.now())
    assert is_record_open(north.doctor.user, patient.pk)
    Appointment.objects.filter(pk=visit.pk).update(status="CANCELLED")
    assert not is_record_open(north.doctor.user, patient.pk)


def test_nobody_sits_here_before_the_visit(north: HospitalCast, patient: Patient) -> None:
    now = timezone.now()
    visit = make_visit(patient, north.doctor, now + dt.timedelta(days=90))
    Appointment.objects.filter(pk=visit.pk).update(patient_match="phone")
    with pytest.raises(VisitNotBegun):
        confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=now)
    assert not is_record_open(north.doctor.user, patient.pk)


def test_a_doctor_lets_a_locked_phone_try_again(north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, timezone.now())
    GuessCounter.objects.create(kind=TRIES, subject=str(patient.pk), hits=[timezone.now()] * 3)
    assert is_step_up_locked(patient.pk)
    doctor = signed_in(north.doctor.user)
    assert "Let it try again" in doctor.get(f"/staff/doctor/patients/{patient.pk}/").content.decode()
    doctor.post(f"/staff/doctor/patients/{patient.pk}/let-phone-in/")
    assert not is_step_up_locked(patient.pk)
    assert AccessEvent.objects.filter(action="released_step_up", patient_id=patient.pk).count() == 1
