"""The prescribing job: by keyboard alone, without script, for every eye, on every screen and on paper."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import Patient
from clinical.models import AiSession, Prescription
from clinical.prescriptions.actions import expire_prescriptions
from clinical.prescriptions.medications import as_json
from tests.browser.looks import assert_accessible, assert_fits, press, tab_to
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import MEDICATION, make_prescription, make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LOOKS = [("desktop", False), ("desktop", True), ("phone", False), ("phone", True)]
AMOXICILLIN = MEDICATION.model_copy(
    update={"name": "Amoxicillin", "strength": "500 mg", "dose": "1 capsule", "frequency": "3 times a day"}
)


@pytest.fixture
def taken(north: HospitalCast, patient: Patient) -> Prescription:
    """Ramipril, approved; and amoxicillin, which another patient had."""
    make_visit(patient, north.doctor, timezone.now() - dt.timedelta(minutes=5))
    make_prescription(make_patient("436601230099", "Otto Other"), north.doctor, medications=as_json([AMOXICILLIN]))
    row = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
    Prescription.objects.filter(pk=row.pk).update(status="APPROVED")
    return row


def options_of(page: Page) -> Locator:
    """Not those of the select of routes."""
    return page.locator("[data-suggestions]").get_by_role("option")


def choose_a_suggestion(page: Page) -> None:
    """Amoxicillin, from a few letters; the list can be closed and opened again."""
    name = page.get_by_label("Medication", exact=True)
    tab_to(page, name)
    page.keyboard.type("amox 5")
    expect(options_of(page)).to_have_count(1)
    expect(name).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(name).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(options_of(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(name).to_have_attribute("aria-activedescendant", options_of(page).get_attribute("id") or "")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Dose")).to_be_focused()
    expect(page.get_by_label("How often")).to_have_value("3 times a day")


def type_what_the_patient_has(page: Page) -> None:
    """Ramipril, in a line of its own."""
    press(page, page.get_by_role("button", name="Add a medication"))
    second = page.locator("[name=m1-name]")
    expect(second).to_be_focused()
    page.keyboard.type("ramipril")
    for value in ("5 mg", "1 tablet"):
        page.keyboard.press("Tab")
        page.keyboard.type(value)
    notice = page.get_by_text("The patient already has it: Ramipril 5 mg")
    expect(notice).to_be_visible()
    tab_to(page, page.locator("[name=m1-frequency]"))
    for value in ("once a day", "30", "30"):
        page.keyboard.type(value)
        page.keyboard.press("Tab")


def test_the_whole_job_by_keyboard(
    signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    page = signed_in(north.doctor.user, "/staff/doctor/")
    press(page, page.get_by_role("link", name=re.compile("Paula Patient")).first)
    press(page, page.get_by_role("link", name="Prescribe"))
    choose_a_suggestion(page)
    type_what_the_patient_has(page)
    press(page, page.get_by_role("button", name="Review and sign"))
    anyway = page.get_by_label("Prescribe anyway")
    expect(page.get_by_text("Confirm that you want to prescribe it anyway")).to_be_visible()
    expect(anyway).to_be_focused()
    assert Prescription.objects.filter(patient=patient).count() == 1
    page.keyboard.press("Space")
    press(page, page.get_by_role("button", name="Review and sign"))
    expect(page.get_by_role("heading", name="Review prescription")).to_be_visible()
    page.keyboard.press("Enter")
    assert Prescription.objects.filter(patient=patient).count() == 1
    press(page, page.get_by_role("button", name="Sign and send"))
    expect(page.get_by_role("status").first).to_contain_text("Prescription sent to the pharmacy.")
    written = Prescription.objects.filter(patient=patient).latest("created_at")
    assert [line["name"] for line in written.medications] == ["Amoxicillin", "ramipril"]

    press(page, page.get_by_role("link", name="Print"))
    expect(page.get_by_role("heading", name="Prescription")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Print"))
    page.go_back()
    press(page, page.get_by_role("link", name="Repeat"))
    expect(page.locator("[name=m0-name]")).to_have_value("Amoxicillin")
    expect(page.get_by_text("Already waiting for the pharmacy: Amoxicillin 500 mg")).to_be_visible()


def test_enter_in_a_field_sends_nothing(
    signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    page = signed_in(north.doctor.user, reverse("staff:prescribe", args=[patient.pk]))
    choose_a_suggestion(page)
    for name in ("name", "dose", "quantity"):
        page.locator(f"[name=m0-{name}]").press("Enter")
    expect(page.get_by_role("heading", name="Prescribe")).to_be_visible()
    expect(page.locator("[name=m0-name]")).to_have_value("Amoxicillin")
    assert Prescription.objects.filter(patient=patient).count() == 1


def test_a_line_is_filled_without_script(
    signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    page = signed_in(north.doctor.user, reverse("staff:prescribe", args=[patient.pk]), script=False)
    page.get_by_label("Medication", exact=True).fill("ram")
    page.get_by_role("button", name="Look up what was prescribed before").click()
    page.get_by_role("button", name=re.compile("^Ramipril 5 mg")).click()
    expect(page.get_by_label("Dose")).to_have_value("1 tablet")
    page.get_by_role("button", name="Review and sign").click()
    expect(page.get_by_text("Confirm that you want to prescribe it anyway")).to_be_visible()
    page.get_by_label("Prescribe anyway").check()
    page.get_by_role("button", name="Review and sign").click()
    page.get_by_role("button", name="Sign and send").click()
    expect(page.get_by_role("status").first).to_contain_text("Prescription sent to the pharmacy.")


def test_a_suggestion_is_picked_by_mouse_and_gone_when_left(
    signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    page = signed_in(north.doctor.user, reverse("staff:prescribe", args=[patient.pk]))
    name = page.get_by_label("Medication", exact=True)
    name.press_sequentially("x")
    name.press("Backspace")
    name.press("ArrowDown")
    expect(options_of(page)).to_have_count(2)
    page.get_by_label("Strength").focus()
    expect(options_of(page)).to_have_count(0)
    name.press_sequentially("amo")
    options_of(page).filter(has_text="Amoxicillin").click()
    expect(name).to_have_value("Amoxicillin")
    expect(options_of(page)).to_have_count(0)


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_pages_are_accessible_and_fit(
    size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    now = timezone.now()
    make_prescription(patient, north.doctor, created_at=now - dt.timedelta(days=91))
    expire_prescriptions(at=now)
    for is_verified in (True, False):
        AiSession.objects.create(
            patient=patient,
            source="PHONE_CALL",
            summary="Coughs for a week, no fever.",
            hospital=north.hospital,
            caller_verified=is_verified,
            start_time=now - dt.timedelta(hours=2),
        )
    user = north.doctor.user
    form = reverse("staff:prescribe", args=[patient.pk])
    own = [taken.pk]
    page = signed_in(user, "/staff/", size=size, dark=dark)
    for address in (
        "/staff/doctor/",
        reverse("staff:doctor-patient", args=[patient.pk]),
        f"{form}?repeat={taken.pk}",
        reverse("staff:doctor-prescription", args=own),
        reverse("staff:print-prescription", args=own),
    ):
        page.goto(address)
        assert_accessible(page)
        assert_fits(page)
    page.goto(form)
    page.get_by_label("Medication", exact=True).press("ArrowDown")
    page.get_by_label("Medication", exact=True).press_sequentially("a")
    expect(options_of(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    assert_accessible(page)
    assert_fits(page)


def test_it_is_one_sheet_of_a5(signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription) -> None:
    page = signed_in(north.doctor.user, reverse("staff:print-prescription", args=[taken.pk]), dark=True)
    pdf = page.pdf(prefer_css_page_size=True)
    assert pages_in(pdf) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    points = tuple(round(float(side)) for side in box.groups())
    assert points == (420, 595)
    lines = [MEDICATION.model_copy(update={"name": f"Medicine {number}"}) for number in range(12)]
    long = make_prescription(patient, north.doctor, medications=as_json(lines))
    page.goto(reverse("staff:print-prescription", args=[long.pk]))
    assert pages_in(page.pdf(prefer_css_page_size=True)) == 2


def test_every_further_page_names_the_patient(
    signed_in: SignedIn, north: HospitalCast, patient: Patient, taken: Prescription
) -> None:
    page = signed_in(north.doctor.user, reverse("staff:print-prescription", args=[taken.pk]))
    running = page.locator(".running")
    expect(running).to_be_hidden()
    page.emulate_media(media="print")
    expect(running).to_contain_text("for Paula Patient")
    # What Chromium repeats on each page: a table's head that may not be torn.
    looks = "element => [getComputedStyle(element).display, getComputedStyle(element).breakInside]"
    assert running.evaluate(looks) == ["table-header-group", "avoid"]


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
