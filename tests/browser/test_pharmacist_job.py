"""A pharmacist's day by keyboard alone, at a desk and on a tablet; what is possible for a while only."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Patient, Role, User
from clinical.models import Prescription
from clinical.prescriptions.actions import answer_pharmacist, claim_prescription
from hospitals.models import Pharmacist
from tests.browser.looks import press, tab_to
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_prescription

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

QUEUE = "/staff/pharmacy/"
HALF_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def colleague(north: HospitalCast) -> User:
    user = make_staff(north.hospital, Role.PHARMACIST, "second@north.test", "Paul North")
    Pharmacist.objects.create(user=user, hospital=north.hospital)
    return user


def button(page: Page, name: str) -> None:
    press(page, page.get_by_role("button", name=name))


def typed(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def find_and_claim(page: Page) -> None:
    typed(page, "Patient", "pau")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Show all")).to_be_visible()
    button(page, "Claim Paula Patient")
    expect(page.get_by_role("heading", name="Paula Patient")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "tablet"])
def test_find_claim_approve_dispense_and_undo(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    prescription = make_prescription(patient, north.doctor)
    make_prescription(other_patient, north.doctor)
    page = signed_in(north.pharmacist.user, QUEUE, size=size)
    find_and_claim(page)
    button(page, "Approve")
    expect(page.get_by_text("It can be dispensed now.")).to_be_visible()
    typed(page, "Quantity", "20")
    typed(page, "Batch", "LOT 7")
    button(page, "Record as dispensed")
    expect(page.get_by_text("Dispensed, less than prescribed.")).to_be_visible()
    prescription.refresh_from_db()
    assert prescription.dispensed_lines == [{"quantity": 20, "batch": "LOT 7"}]
    button(page, "Undo dispensing")
    expect(page.get_by_text("The prescription is approved again.")).to_be_visible()
    prescription.refresh_from_db()
    assert (prescription.status, prescription.dispensed_lines) == ("APPROVED", None)


@pytest.mark.parametrize("size", ["desktop", "tablet"])
def test_ask_read_the_answer_and_deny(size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor)
    page = signed_in(north.pharmacist.user, QUEUE, size=size)
    page.clock.install()
    find_and_claim(page)
    typed(page, "Message", "Which strength?")
    button(page, "Send query")
    expect(page.get_by_text("The answer appears here.")).to_be_visible()
    answer_pharmacist(prescription_id=prescription.pk, by=north.doctor.user, text="The weaker one.", at=timezone.now())
    # The poll is set going when the page that the button led to has loaded.
    page.wait_for_load_state()
    page.clock.run_for(10_000)
    expect(page.get_by_text("The weaker one.")).to_be_visible()
    press(page, page.locator("summary", has_text="Reject"))
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("other")
    button(page, "Reject prescription")
    expect(page.get_by_text("Enter the reason.")).to_be_visible()
    typed(page, "Note to the doctor", "Recalled.")
    button(page, "Reject prescription")
    expect(page.get_by_text("Other: Recalled.").first).to_be_visible()
    prescription.refresh_from_db()
    assert (prescription.status, prescription.denial_reason) == ("DENIED", "other")


@pytest.mark.parametrize("size", ["desktop", "tablet"])
def test_take_over_and_hand_back(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient, colleague: User
) -> None:
    prescription = make_prescription(patient, north.doctor)
    claim_prescription(prescription_id=prescription.pk, by=colleague, at=timezone.now() - HALF_HOUR)
    page = signed_in(north.pharmacist.user, QUEUE, size=size)
    press(page, page.get_by_role("link", name="Paula Patient"))
    typed(page, "Reason for reassigning", "Gone home.")
    button(page, "Reassign to me")
    expect(page.get_by_text("Taken over from Paul North")).to_be_visible()
    expect(page.get_by_text("Gone home.")).to_be_visible()
    button(page, "Release")
    expect(page.get_by_text("back in the queue")).to_be_visible()
    prescription.refresh_from_db()
    assert prescription.pharmacist_id is None


def test_undo_counts_down_and_goes(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    began = timezone.now()
    done = {"status": "COMPLETED", "pharmacist": north.pharmacist, "completed_at": began}
    prescription = make_prescription(patient, north.doctor, **done)
    page = signed_in(north.pharmacist.user, "/staff/")
    page.clock.install()
    page.goto(f"{QUEUE}{prescription.pk}/")
    undo = page.get_by_role("button", name="Undo dispensing")
    expect(undo).to_be_visible()
    page.clock.run_for(60_000)
    minutes, seconds = str(page.get_by_role("timer").text_content()).split(":")
    passed = (timezone.now() - began).total_seconds()
    assert 239 - passed <= 60 * int(minutes) + int(seconds) < 240
    page.clock.run_for(240_000)
    expect(undo).to_be_hidden()
    expect(page.get_by_text("The undo period has ended.")).to_be_visible()


def test_a_withdrawal_shows_while_it_is_reviewed(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor)
    claim_prescription(prescription_id=prescription.pk, by=north.pharmacist.user, at=timezone.now())
    page = signed_in(north.pharmacist.user, "/staff/")
    page.clock.install()
    page.goto(f"{QUEUE}{prescription.pk}/")
    Prescription.objects.filter(pk=prescription.pk).update(status="DENIED", denial_reason="withdrawn")
    page.clock.run_for(10_000)
    page.get_by_role("link", name="Show it as it is now").click()
    expect(page.get_by_text("Withdrawn by the prescriber.")).to_be_visible()
