"""An admin takes hours away from under booked visits, and says what becomes of them."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.models import Patient
from clinical.models import VisitDecision
from hospitals.models import DoctorAvailability
from tests.browser.looks import assert_accessible, assert_fits
from tests.browser.people import SignedIn
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def look(page: Page, name: str) -> None:
    assert_accessible(page)
    assert_fits(page)
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", False), ("desktop", True), ("phone", True)])
def test_visits_that_new_hours_hit(
    size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient, settings: Settings
) -> None:
    for day in range(1, 8):
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=day, start_time=dt.time(0), end_time=dt.time(23, 59)
        )
    start = (timezone.now() + dt.timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    for number in range(4):
        make_visit(patient, north.doctor, start + dt.timedelta(hours=number))
    make_visit(None, north.doctor, start + dt.timedelta(hours=5), guest_name="Gustav Guest-With-A-Rather-Long-Name")
    make_visit(patient, north.doctor, start + dt.timedelta(hours=6), patient_match="phone", guest_name="P. Patient")
    name = f"{size}-{'dark' if dark else 'light'}"
    page = signed_in(north.admin, reverse("admin:hospitals_doctor_hours", args=[north.doctor.pk]), size=size, dark=dark)
    for day in range(1, 8):
        page.locator(f"[name=d{day}-0-start]").fill("18:00")
        page.locator(f"[name=d{day}-0-end]").fill("20:00")
    page.get_by_role("button", name="Save hours").first.click()
    page.get_by_role("button", name="All: Ask to move").click()
    page.get_by_role("group", name="Gustav").get_by_label("Cancel").check()
    page.get_by_role("group", name="P. Patient").get_by_label("Keep").check()
    page.get_by_label("Message to patients").fill("The doctor is at a congress.")
    look(page, f"step-{name}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Yes, save").click()
    page.get_by_text("Hours saved.").wait_for()
    assert VisitDecision.objects.filter(choice="ask_to_move").count() == 4
    look(page, f"hours-{name}")
    page.get_by_role("link", name="Change what happens").first.click()
    page.get_by_label("Keep").check()
    look(page, f"choice-{name}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Yes, keep it").click()
    page.get_by_text("Saved.").wait_for()
    assert VisitDecision.objects.current().filter(choice="keep").count() == 2
