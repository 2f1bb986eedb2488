"""What is typed, focused and left is where it was, in Chromium."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Patient
from clinical.models import Appointment
from clinical.prescriptions.actions import claim_prescription, deny_prescription
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_prescription, make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
POLL_MS = 10_000


def test_one_form_leaves_what_was_typed_into_another(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    row = make_prescription(patient, north.doctor, pharmacist=north.pharmacist, claimed_at=timezone.now())
    page = signed_in(north.pharmacist.user, reverse("staff:pharmacy-review", args=[row.pk]))
    page.get_by_label("Message").fill("Twice a day?")
    page.get_by_text("Reject…").click()
    page.get_by_role("button", name="Reject prescription").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_label("Message")).to_have_value("Twice a day?")
    page.get_by_role("button", name="Send query").click()
    expect(page.get_by_text("Query sent. The answer appears here.")).to_be_visible()
    expect(page.get_by_label("Message")).to_have_value("")


def test_a_form_that_was_taken_is_no_draft(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.doctor.user, "/staff/doctor/hours/")
    kept = "Object.keys(sessionStorage).filter(key => key.startsWith('draft ')).length"
    page.locator("[name=d1-0-start]").fill("08:00")
    page.get_by_role("button", name="Save hours").first.click()
    expect(page.get_by_text("When does it end?")).to_be_visible()
    assert page.evaluate(kept) == 1
    page.locator("[name=d1-0-end]").fill("12:00")
    page.get_by_role("button", name="Save hours").first.click()
    expect(page.get_by_text("Hours saved.")).to_be_visible()
    expect(page.locator("[name=d1-0-end]")).to_have_value("12:00")
    assert page.evaluate(kept) == 0


def test_the_focus_stays_on_a_prescription_that_a_poll_moves(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    row = make_prescription(patient, north.doctor, created_at=timezone.now() - dt.timedelta(minutes=9))
    page = signed_in(north.pharmacist.user, "/staff/profile/")
    page.clock.install()
    page.goto("/staff/pharmacy/")
    link = page.get_by_role("link", name="Paula Patient")
    link.focus()
    claim_prescription(prescription_id=row.pk, by=north.pharmacist.user, at=timezone.now())
    page.clock.run_for(POLL_MS)
    expect(page.get_by_role("button", name="Claim Paula Patient")).to_have_count(0)
    expect(page.get_by_role("link", name="Paula Patient")).to_be_focused()


def test_what_a_press_did_is_in_view(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    rejected = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
    by, now = north.pharmacist.user, timezone.now()
    deny_prescription(prescription_id=rejected.pk, by=by, reason="out_of_stock", note="", at=now)
    for hours in range(0, 24, 2):
        make_visit(patient, north.doctor, now.replace(hour=hours, minute=0))
    page = signed_in(north.doctor.user, "/staff/doctor/", size="phone")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_first_field_in_error_has_the_cursor(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, timezone.now() + dt.timedelta(days=1))
    page = signed_in(north.doctor.user, reverse("staff:doctor-visit", args=[visit.pk]), size=size)
    page.get_by_text("Ask the patient to move, or cancel").click()
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    expect(page.get_by_label("Reason")).to_be_in_viewport()
    facts = {"status": "APPROVED", "pharmacist": north.pharmacist, "decided_at": timezone.now()}
    row = make_prescription(patient, north.doctor, claimed_at=timezone.now(), **facts)
    page = signed_in(north.pharmacist.user, reverse("staff:pharmacy-review", args=[row.pk]), size=size)
    page.get_by_role("button", name="Dispensed").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_label("Batch")).to_be_focused()


def test_no_button_comes_under_the_pointer(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    make_prescription(patient, north.doctor)
    page = signed_in(north.pharmacist.user, "/staff/profile/")
    page.clock.install()
    page.goto("/staff/pharmacy/")
    page.get_by_role("button", name="Claim Paula Patient").hover()
    make_prescription(patient, north.doctor, created_at=timezone.now() - dt.timedelta(minutes=9))
    for shown in (1, 1, 1, 2):
        with page.expect_response(lambda answer: "x-poll" in answer.request.headers) as told:
            page.clock.run_for(POLL_MS)
        assert told.value.status == 200
        expect(page.get_by_role("button", name="Claim Paula Patient")).to_have_count(shown)


def test_a_row_that_comes_by_itself_is_marked(signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    make_prescription(patient, north.doctor)
    page = signed_in(north.pharmacist.user, "/staff/profile/")
    page.clock.install()
    page.goto("/staff/pharmacy/")
    newer = make_prescription(make_patient("436609999999", "Nora New"), north.doctor)
    page.clock.run_for(POLL_MS)
    expect(page.get_by_role("link", name="Nora New")).to_be_visible()
    marked = page.locator("[data-new]")
    expect(marked).to_have_count(1)
    expect(marked.locator(f"#open-{newer.pk}")).to_be_visible()


def test_the_menu_closes_and_back_leads_to_the_list_one_came_from(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    make_visit(patient, north.doctor, timezone.now())
    page = signed_in(north.doctor.user, "/staff/doctor/week/")
    profile = page.get_by_role("link", name="Profile")
    page.get_by_label("Account").click()
    expect(profile).to_be_visible()
    page.keyboard.press("Escape")
    expect(profile).to_be_hidden()
    page.get_by_label("Account").click()
    expect(profile).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(profile).to_be_hidden()
    page.get_by_role("link", name="Paula Patient").click()
    page.get_by_role("link", name="Prescribe").click()
    expect(page.locator("[name=m0-name]")).to_be_focused()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name=re.compile("Back$")).click()
    expect(page).to_have_url(re.compile(r"/staff/doctor/week/$"))
    page.goto("/staff/doctor/patients/")
    page.get_by_label("Name or phone").press_sequentially("paula")
    page.get_by_role("link", name="Paula Patient").click()
    page.get_by_role("link", name=re.compile("Back$")).click()
    expect(page.get_by_label("Name or phone")).to_have_value("paula")


def test_a_visit_that_is_cancelled_meanwhile_loses_its_buttons(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, timezone.now() + dt.timedelta(days=1))
    page = signed_in(north.doctor.user, "/staff/profile/")
    page.clock.install()
    page.goto(reverse("staff:doctor-visit", args=[visit.pk]))
    expect(page.get_by_role("heading", name="Reschedule or cancel")).to_be_visible()
    Appointment.objects.update(status="CANCELLED", cal_status="cancelled", cancellation_reason="I am ill")
    page.clock.run_for(POLL_MS)
    expect(page.get_by_role("heading", name="Reschedule or cancel")).to_have_count(0)
    expect(page.get_by_text("Reason given: I am ill")).to_be_visible()
