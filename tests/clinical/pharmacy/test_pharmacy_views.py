from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient, Role
from clinical.models import Prescription
from clinical.prescriptions.medications import as_json
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_patient, make_staff
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION, make_prescription

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
QUEUE = "/staff/pharmacy/"
POLL = {"HX-Request": "true", "X-Poll": "1"}


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.pharmacist.user)


def address(name: str, prescription: Prescription) -> str:
    return reverse(f"staff:pharmacy-{name}", args=[prescription.pk])


def waiting_since(minutes: int, north: HospitalCast, patient: Patient) -> Prescription:
    return make_prescription(patient, north.doctor, created_at=NOW - dt.timedelta(minutes=minutes))


@pytest.mark.parametrize("count", [2, 20])
@time_machine.travel(NOW, tick=False)
def test_the_queue_costs_the_same_however_long(
    count: int, browser: Client, north: HospitalCast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    colleague = Pharmacist.objects.create(
        user=make_staff(north.hospital, Role.PHARMACIST, "p2@north.test", "Paul North"), hospital=north.hospital
    )
    for number in range(count):
        patient = make_patient(f"4366000{number:05d}", f"Patient {number}")
        for holder in (None, north.pharmacist, colleague):
            prescription = waiting_since(5, north, patient)
            Prescription.objects.filter(pk=prescription.pk).update(pharmacist=holder)
    with django_assert_num_queries(7):
        page = browser.get(QUEUE)
    assert page.content.count(b">Claim<") == count
    assert not AccessEvent.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_ones_own_are_counted_however_the_queue_is_narrowed(
    browser: Client, north: HospitalCast, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        make_prescription(patient, north.doctor, pharmacist=north.pharmacist, claimed_at=NOW)
    browser.get(QUEUE)
    with django_assert_num_queries(8):
        page = browser.get(QUEUE, {"patient": "nobody"}).content.decode()
    assert re.findall(r'aria-label="(\d) in my work: go there">(\d)<', page) == [("2", "2")]


@time_machine.travel(NOW, tick=False)
def test_who_has_it_says_since_which_day(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    colleague = make_staff(north.hospital, Role.PHARMACIST, "p2@north.test", "Paul North")
    Pharmacist.objects.create(user=colleague, hospital=north.hospital)
    since = NOW - dt.timedelta(hours=26)
    row = make_prescription(patient, north.doctor, pharmacist=north.pharmacist, claimed_at=since)
    page = signed_in(colleague).get(address("review", row)).content.decode()
    assert "Assigned to <strong>Pia North</strong> since 1 Mar 2026, 09:00." in page


@time_machine.travel(NOW, tick=False)
def test_the_oldest_is_first_and_says_how_long_it_waits(
    browser: Client, north: HospitalCast, south: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    waiting_since(3, north, patient)
    waiting_since(75, north, other_patient)
    waiting_since(20, north, patient)
    make_prescription(patient, south.doctor)
    html = browser.get(QUEUE).content.decode()
    waits = re.findall(r'badge badge-(good|warn|bad)"><svg.*?</svg><span>([^<]+)<', html)
    assert waits == [("bad", "overdue, 1 h 15 min"), ("warn", "long wait, 20 min"), ("good", "waiting 3 min")]
    assert html.index("Otto Other") < html.index("Paula Patient")
    assert "436601234567" not in html


@time_machine.travel(NOW, tick=False)
def test_patients_of_one_name_are_told_apart_by_their_date_of_birth(
    browser: Client, north: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=dt.date(1980, 5, 17))
    own = {"pharmacist": north.pharmacist, "claimed_at": NOW}
    for facts in ({}, own, {**own, "status": "COMPLETED", "completed_at": NOW}):
        make_prescription(patient, north.doctor, **facts)
    make_prescription(other_patient, north.doctor)
    html = browser.get(QUEUE).content.decode()
    assert html.count("born 17 May 1980") == 3
    assert html.count("born ") == 3


@time_machine.travel(NOW, tick=False)
def test_ones_own_are_counted_and_say_since_when_they_are_ready(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    own = {"pharmacist": north.pharmacist, "claimed_at": NOW}
    make_prescription(patient, north.doctor, **own)
    written, decided = NOW - dt.timedelta(days=9), NOW - dt.timedelta(minutes=70)
    make_prescription(patient, north.doctor, status="APPROVED", created_at=written, decided_at=decided, **own)
    html = browser.get(QUEUE).content.decode()
    assert 'href="#mine-title" aria-label="2 in my work: go there">2</a>' in html
    assert "ready to dispense, 1 h 10 min" in html
    assert "overdue" not in html


@time_machine.travel(NOW, tick=False)
def test_a_poll_that_changed_nothing_is_a_304(browser: Client, north: HospitalCast, patient: Patient) -> None:
    waiting_since(3, north, patient)
    first = browser.get(QUEUE, headers=POLL)
    assert b"csrfmiddlewaretoken" not in first.content
    again = browser.get(QUEUE, headers={**POLL, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    waiting_since(1, north, patient)
    assert browser.get(QUEUE, headers={**POLL, "If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_loser_of_a_claim_is_told_who_has_it(
    browser: Client, signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    colleague = make_staff(north.hospital, Role.PHARMACIST, "p2@north.test", "Paul North")
    Pharmacist.objects.create(user=colleague, hospital=north.hospital)
    prescription = make_prescription(patient, north.doctor)
    won = browser.post(address("claim", prescription))
    assert won.headers["Location"] == address("review", prescription)
    lost = signed_in(colleague).post(address("claim", prescription), follow=True)
    assert lost.redirect_chain == [(QUEUE, 302)]
    assert b"Pia North already has this prescription." in lost.content


@pytest.mark.parametrize("others", [2, 15])
def test_opening_a_prescription_is_on_record_and_costs_the_same(
    others: int,
    browser: Client,
    north: HospitalCast,
    patient: Patient,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    patient.date_of_birth = dt.date(1980, 5, 17)
    patient.save()
    prescription = make_prescription(patient, north.doctor)
    for _ in range(others):
        make_prescription(patient, north.doctor, medications=as_json([MEDICATION]))
    with django_assert_num_queries(8), time_machine.travel(NOW, tick=False):
        page = browser.get(address("review", prescription)).content.decode()
    assert "45 years old, born 17 May 1980" in re.sub(r"\s+", " ", page)
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id) == ("opened_prescription", str(prescription.pk))


def test_the_whole_way_by_forms(browser: Client, north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor)

    def post(name: str, **facts: str) -> tuple[int, str]:
        answer = browser.post(address(name, prescription), facts, follow=True)
        prescription.refresh_from_db()
        return answer.status_code, prescription.status

    assert post("claim") == (200, "PENDING")
    assert post("ask", text="Allergy?") == (200, "PENDING")
    assert post("approve") == (200, "APPROVED")
    assert post("dispense", **{"quantity-0": "31", "batch-0": ""}) == (422, "APPROVED")
    assert post("dispense", **{"quantity-0": "1.000", "batch-0": "LOT 7"}) == (422, "APPROVED")
    assert post("dispense", **{"quantity-0": "28", "batch-0": "LOT 7"}) == (200, "COMPLETED")
    assert prescription.dispensed_lines == [{"quantity": 28, "batch": "LOT 7"}]
    assert post("undo") == (200, "APPROVED")
    assert post("deny", reason="other") == (422, "APPROVED")
    assert post("deny", reason="withdrawn") == (422, "APPROVED")
    assert post("deny", reason="other", note="Recalled.") == (200, "DENIED")
    assert post("approve") == (200, "DENIED")
    shown = browser.get(address("review", prescription)).content
    assert b"Other: Recalled." in shown


def test_a_prescription_of_another_program_opens(browser: Client, north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor, medications={"drug": "?"})
    assert browser.get(QUEUE).status_code == 200
    assert browser.get(address("review", prescription)).status_code == 200
