"""A prescription from the doctor's desk to the patient's hand, in Chromium."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Patient
from clinical.models import Prescription
from tests.cast import PASSWORD, HospitalCast
from tests.clinical.records import make_prescription, make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page_of(browser: Browser, live_server: LiveServer) -> object:
    def open_for(email: str, **options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error.name}"))
        page.goto("/staff/login/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        return page

    return open_for


SIZES = {"desktop": (1280, 800), "phone": (390, 844), "no script": (1280, 800)}


@pytest.mark.parametrize("kind", SIZES)
def test_from_prescribing_to_dispensing(kind: str, page_of: object, north: HospitalCast, patient: Patient) -> None:
    assert callable(page_of)
    width, height = SIZES[kind]
    options = {
        "viewport": {"width": width, "height": height},
        "java_script_enabled": kind != "no script",
    }
    make_visit(patient, north.doctor, timezone.now() - dt.timedelta(minutes=5))

    doctor: Page = page_of("doctor@north.test", **options)
    doctor.goto("/staff/doctor/")
    doctor.get_by_role("link", name=re.compile("Paula Patient")).first.click()
    doctor.get_by_role("link", name="Prescribe").click()
    write_line(doctor, 0, "Ramipril", quantity="30")
    doctor.get_by_role("button", name="Add a medication").click()
    expect(doctor.locator("[name=m1-name]")).to_be_focused()
    write_line(doctor, 1, "Ibuprofen", quantity="many")
    doctor.get_by_role("button", name="Review and sign").click()
    expect(doctor.get_by_text("Enter a whole number.")).to_be_visible()
    expect(doctor.locator("[name=m1-quantity]")).to_be_focused()
    doctor.locator("[name=m1-quantity]").fill("20")
    doctor.get_by_role("button", name="Review and sign").click()
    doctor.get_by_role("button", name="Sign and send").click()
    expect(doctor.get_by_role("status").first).to_contain_text("Prescription sent to the pharmacy.")

    pharmacist: Page = page_of("pharmacist@north.test", **options)
    pharmacist.goto("/staff/pharmacy/")
    pharmacist.get_by_role("button", name="Claim Paula Patient").click()
    expect(pharmacist.get_by_text("Ibuprofen")).to_be_visible()
    pharmacist.get_by_role("button", name="Approve").click()
    for number in range(2):
        pharmacist.locator(f"[name=batch-{number}]").fill(f"LOT-{number}")
    pharmacist.get_by_role("button", name="Dispensed").click()
    expect(pharmacist.get_by_text("You can undo this for 5 minutes.")).to_be_visible()

    doctor.reload()
    expect(doctor.get_by_text("Dispensed: 20, batch LOT-1")).to_be_visible()
    prescription = Prescription.objects.get()
    assert prescription.status == "COMPLETED"
    for page in (doctor, pharmacist):
        page.context.close()


def write_line(page: Page, number: int, name: str, *, quantity: str) -> None:
    line = {"name": name, "dose": "1 tablet", "frequency": "once a day", "duration_days": "30", "quantity": quantity}
    for field, value in line.items():
        page.locator(f"[name=m{number}-{field}]").fill(value)


def test_the_queue_fills_by_itself_and_stays_put_when_nothing_changed(
    page_of: object, north: HospitalCast, patient: Patient
) -> None:
    assert callable(page_of)
    page: Page = page_of("pharmacist@north.test")
    page.clock.install()
    page.goto("/staff/pharmacy/")
    expect(page.get_by_text("The queue is empty.")).to_be_visible()
    with page.expect_response(lambda answer: "x-poll" in answer.request.headers) as unchanged:
        page.clock.run_for(10_000)
    assert unchanged.value.status == 304
    expect(page.get_by_text("The queue is empty.")).to_be_visible()
    make_prescription(patient, north.doctor)
    with page.expect_response(lambda answer: "x-poll" in answer.request.headers) as changed:
        page.clock.run_for(10_000)
    assert changed.value.status == 200
    expect(page.get_by_role("button", name="Claim Paula Patient")).to_be_visible()
    page.context.close()
