"""What a pharmacist is shown beside the prescription: filters, figures, duplicates, and taking over."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, Patient, Profile, User
from clinical.models import Prescription
from clinical.prescriptions.actions import claim_prescription
from clinical.prescriptions.medications import Earlier, Medication, as_json, duplicates
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION, make_prescription

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
QUEUE = "/staff/pharmacy/"
IBUPROFEN = MEDICATION.model_copy(update={"name": "Ibuprofen"})


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.pharmacist.user)


def shown(browser: Client, query: str) -> list[str]:
    html = browser.get(f"{QUEUE}?{query}").content.decode()
    return re.findall(r"Claim<span class=\"sr-only\"> ([^<]+)</span>", html)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("patient=pau", ["Paula Patient"]),
        ("patient=oth", ["Otto Other"]),
        ("doctor=dora", ["Paula Patient", "Otto Other"]),
        ("doctor=nobody", []),
        ("medication=IBU", ["Otto Other"]),
        ("medication=%25.*%22%5C", []),
        ("patient=oth&medication=ibu", ["Otto Other"]),
        ("patient=pau&medication=ibu", []),
        ("patient=%21%00", []),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_the_queue_is_narrowed(
    query: str, names: list[str], browser: Client, north: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    make_prescription(patient, north.doctor, created_at=NOW - DAY)
    make_prescription(other_patient, north.doctor, medications=as_json([IBUPROFEN]), created_at=NOW)
    assert shown(browser, query) == names
    searches = ["searched_patients"] if "patient=" in query else []
    assert list(AccessEvent.objects.values_list("action", flat=True)) == searches


@time_machine.travel(NOW, tick=False)
def test_a_narrowed_queue_polls_itself_and_is_no_new_search(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    make_prescription(patient, north.doctor)
    page = browser.get(f"{QUEUE}?patient=pau").content.decode()
    assert 'hx-get="/staff/pharmacy/?patient=pau"' in page
    (proof,) = re.findall(r'"X-Poll": "([^"]+)"', page)
    browser.get(f"{QUEUE}?patient=pau", headers={"X-Poll": proof, "HX-Request": "true"})
    assert AccessEvent.objects.count() == 1


@pytest.mark.parametrize("query", ["patient=pau", "patient=ott"])
@pytest.mark.parametrize("value", ["1", "", "x.y", "9" * 20, "own"])
@time_machine.travel(NOW, tick=False)
def test_a_search_that_says_it_is_a_poll_is_on_record_where_the_page_was_not_shown(
    value: str, query: str, browser: Client, north: HospitalCast
) -> None:
    page = browser.get(QUEUE).content.decode()
    (proof,) = re.findall(r'"X-Poll": "([^"]+)"', page)
    browser.get(f"{QUEUE}?{query}", headers={"X-Poll": proof if value == "own" else value, "HX-Request": "true"})
    assert [event.action for event in AccessEvent.objects.all()] == ["searched_patients"]


@time_machine.travel(NOW, tick=False)
def test_the_figures_of_the_day(browser: Client, north: HospitalCast, patient: Patient) -> None:
    for minutes in (10, 20, 90):
        make_prescription(patient, north.doctor, created_at=NOW - dt.timedelta(minutes=minutes))
    for hours in (1, 1, 2):
        done = {"status": "COMPLETED", "completed_at": NOW - dt.timedelta(hours=hours), "pharmacist": north.pharmacist}
        make_prescription(patient, north.doctor, created_at=NOW - DAY, **done)
    figures = browser.get(QUEUE).context["queue"].figures
    assert (figures.waiting, figures.median_wait_minutes, figures.done) == (3, 20, 3)
    nine = (NOW - dt.timedelta(hours=1)).astimezone(ZoneInfo(north.hospital.time_zone or "")).hour
    assert {one.hour: (one.done, one.percent) for one in figures.hours if one.done} == {
        nine - 1: (1, 50),
        nine: (2, 100),
    }


@time_machine.travel(NOW, tick=False)
def test_what_lies_with_a_colleague_is_taken_over_on_its_page(
    browser: Client, north: HospitalCast, patient: Patient, colleague: User
) -> None:
    prescription = make_prescription(patient, north.doctor)
    claim_prescription(prescription_id=prescription.pk, by=colleague, at=NOW - dt.timedelta(minutes=30))
    assert "can be reassigned" in browser.get(QUEUE).content.decode()
    page = reverse("staff:pharmacy-review", args=[prescription.pk])
    address = reverse("staff:pharmacy-take-over", args=[prescription.pk])
    assert address in browser.get(page).content.decode()
    refused = browser.post(address, {"reason": " "})
    assert (refused.status_code, "This field is required." in refused.content.decode()) == (422, True)
    assert Prescription.objects.get().pharmacist_id == colleague.pk
    assert browser.post(address, {"reason": "Gone home."}).headers["Location"] == page
    assert Prescription.objects.get().pharmacist_id == north.pharmacist.pk


@time_machine.travel(NOW, tick=False)
def test_a_claim_of_a_minute_ago_is_not_offered(
    browser: Client, north: HospitalCast, patient: Patient, colleague: User
) -> None:
    prescription = make_prescription(patient, north.doctor)
    claim_prescription(prescription_id=prescription.pk, by=colleague, at=NOW - dt.timedelta(minutes=29))
    address = reverse("staff:pharmacy-take-over", args=[prescription.pk])
    page = browser.get(reverse("staff:pharmacy-review", args=[prescription.pk])).content.decode()
    assert address not in page
    assert "After 30 minutes you can reassign it to yourself." in page
    browser.post(address, {"reason": "Gone home."})
    assert Prescription.objects.get().pharmacist_id == colleague.pk


@time_machine.travel(NOW, tick=False)
def test_a_duplicate_of_the_week_is_flagged(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_prescription(patient, north.doctor, created_at=NOW - 7 * DAY)
    row = make_prescription(patient, north.doctor, medications=as_json([IBUPROFEN, MEDICATION]), created_at=NOW)
    html = browser.get(reverse("staff:pharmacy-review", args=[row.pk])).content.decode()
    assert html.count("Possible duplicate") == 1
    assert "Possible duplicate: also prescribed by Dora North on 23 Feb 2026." in html


def earlier(days: float, *medications: Medication, status: str = "PENDING") -> Earlier:
    return Earlier(NOW - days * DAY, "Dora North", status, medications)


def test_a_duplicate_has_the_name_or_the_code_and_is_near_in_time() -> None:
    coded = MEDICATION.model_copy(update={"name": "A", "code": "C09AA05", "code_system": "ATC"})
    same_code = coded.model_copy(update={"name": "B", "code": "c09aa05"})
    shouted = IBUPROFEN.model_copy(update={"name": "  IBUPROFEN ", "strength": "800 mg"})
    near, far = earlier(1, shouted), earlier(6, shouted)
    assert duplicates([IBUPROFEN], at=NOW, others=[far, near]) == [near]
    assert duplicates([IBUPROFEN], at=NOW, others=[earlier(7.01, shouted)]) == [None]
    assert duplicates([IBUPROFEN], at=NOW, others=[earlier(1, shouted, status="DENIED")]) == [None]
    assert duplicates([coded], at=NOW, others=[earlier(1, IBUPROFEN)]) == [None]
    other = earlier(-1, same_code)
    assert duplicates([IBUPROFEN, coded], at=NOW, others=[other]) == [None, other]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("medication=PARAC\N{LATIN CAPITAL LETTER E WITH ACUTE}TAMOL", ["Chiara D\u2019Angelo"]),
        ("medication=cetamol 500", ["Chiara D\u2019Angelo"]),
        ("medication=co-paracetamol", ["Chiara D\u2019Angelo"]),
        ("patient=D'Angelo", ["Chiara D\u2019Angelo"]),
        ("patient=angelo&medication=parace\u0301tamol", ["Chiara D\u2019Angelo"]),
        ("medication=amoxicillin", []),
    ],
)
def test_the_queue_is_narrowed_by_names_as_they_are_typed(
    query: str, names: list[str], browser: Client, north: HospitalCast, patient: Patient
) -> None:
    Profile.objects.filter(user=patient.pk).update(full_name="Chiara D\u2019Angelo")
    line = IBUPROFEN.model_copy(update={"name": "Co\u2011Parace\u0301tamol\u00a0500"})
    make_prescription(patient, north.doctor, medications=as_json([line]), created_at=NOW)
    assert shown(browser, query) == names
