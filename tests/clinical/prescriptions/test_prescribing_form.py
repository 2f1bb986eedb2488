from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from clinical.models import Prescription
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.pages import text_of
from tests.clinical.records import MEDICATION_ROW, make_visit

# Monday, 11:00 in Vienna.
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
POLL = {"HX-Request": "true", "X-Poll": "1"}
DAY_QUERIES = 7
VIEWS = ("timeline", "list")


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


@pytest.fixture
def form_address(north: HospitalCast, patient: Patient) -> str:
    make_visit(patient, north.doctor, NOW)
    return reverse("staff:prescribe", args=[patient.pk])


def test_prescribing_shows_the_prescription(browser: Client, form_address: str, patient: Patient) -> None:
    page = browser.get(form_address).content.decode()
    wish = re.search(r'name="prescription_id" value="([^"]+)"', page)
    assert wish is not None
    sent = {**MEDICATION_ROW, "rows": "1", "prescription_id": wish[1], "m0-as_needed": "on", "action": "send"}
    for _ in range(2):  # an impatient click
        answer = browser.post(form_address, sent)
        assert answer.headers["Location"] == reverse("staff:doctor-prescription", args=[wish[1]])
    prescription = Prescription.objects.get()
    assert prescription.medications == [
        {
            "name": "Ramipril",
            "strength": "5 mg",
            "dose": "1 tablet",
            "route": "oral",
            "frequency": "once a day",
            "duration_days": 30,
            "quantity": 30,
            "refills": 0,
            "as_needed": True,
        }
    ]
    shown = text_of(browser.get(answer.headers["Location"]).content)
    assert "Prescription sent to the pharmacy." in shown
    assert "Ramipril 5 mg" in shown


def test_the_first_field_has_the_cursor(browser: Client, form_address: str) -> None:
    assert re.search(r'name="m0-name"[^>]*autofocus', browser.get(form_address).content.decode())


def test_nothing_is_sent_before_it_was_reviewed(browser: Client, form_address: str, patient: Patient) -> None:
    two = {**MEDICATION_ROW, "rows": "2", "m0-as_needed": "on", "prescription_id": str(patient.pk)}
    two |= {f"m1-{name[3:]}": value for name, value in MEDICATION_ROW.items()} | {"m1-name": "Ibuprofen"}
    for action in ({}, {"action": ""}, {"action": "edit"}):
        again = browser.post(form_address, two | action)
        assert again.status_code == 200
        assert b'value="Ibuprofen"' in again.content
    assert browser.post(form_address, {**two, "m1-dose": "", "action": "review"}).status_code == 422
    review = browser.post(form_address, {**two, "action": "review"})
    assert (review.status_code, Prescription.objects.count()) == (200, 0)
    text = text_of(review.content)
    assert "Paula Patient birth date unknown" in text
    shown = "1 tablet · By mouth · once a day for 30 days · quantity 30"
    assert f"Ramipril 5 mg as needed {shown}" in text
    assert f"Ibuprofen 5 mg {shown}" in text
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', review.content.decode()))
    browser.post(form_address, {**kept, "action": "send"})
    sent = Prescription.objects.get()
    assert [(line["name"], line["as_needed"]) for line in sent.medications] == [
        ("Ramipril", True),
        ("Ibuprofen", False),
    ]


def test_rows_are_added_and_removed_with_and_without_scripts(browser: Client, form_address: str) -> None:
    two = {**MEDICATION_ROW, "rows": "2", "m1-name": "Ibuprofen", "m1-quantity": "no number"}
    grown = browser.post(form_address, {**two, "action": "add"})
    assert grown.status_code == 200
    assert b"<html" in grown.content
    for shown in (b'name="rows" value="3"', b'value="Ramipril"', b'value="no number"', b"m2-name"):
        assert shown in grown.content
    assert b"errorlist" not in grown.content
    shrunk = browser.post(form_address, {**two, "action": "remove-0"}, headers={"HX-Request": "true"})
    assert b"<html" not in shrunk.content
    assert b'name="rows" value="1"' in shrunk.content
    assert b'value="Ibuprofen"' in shrunk.content
    assert b"Ramipril" not in shrunk.content
    last = browser.post(form_address, {**MEDICATION_ROW, "rows": "1", "action": "remove-0"})
    assert b'name="rows" value="1"' in last.content
    assert not Prescription.objects.exists()


def test_there_is_an_end_to_rows(browser: Client, form_address: str) -> None:
    full = browser.post(form_address, {"rows": "20", "action": "add"})
    assert b'name="rows" value="20"' in full.content
    for odd in ("999999999", "-1", "٣", "x", ""):
        assert browser.post(form_address, {"rows": odd, "action": "send"}).status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("m0-name", " ", "This field is required."),
        ("m0-duration_days", "many", "Enter a whole number."),
        ("m0-duration_days", "1.5", "Enter a whole number."),
        ("m0-quantity", "0", "At least 1."),
        ("m0-quantity", "1001", "At most 1000."),
        ("m0-refills", "13", "At most 12."),
        ("m0-dose", "x" * 121, "At most 120 characters."),
        ("m0-dose", "a\x00b", "Null characters are not allowed."),
    ],
)
def test_errors_stand_beside_their_fields(
    field: str, value: str, said: str, browser: Client, form_address: str
) -> None:
    answer = browser.post(form_address, {**MEDICATION_ROW, field: value, "rows": "1", "action": "send"})
    assert answer.status_code == 422
    assert f'<ul class="errorlist" id="id_{field}_error"><li>{said}</li></ul>' in answer.content.decode()
    assert answer.content.count(b'class="errorlist"') == 1
    assert not Prescription.objects.exists()
