"""An admin adds staff from a file and finds a person, as a person would: by keyboard, on a phone, in the dark."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Patient, User
from hospitals.staff.import_file import import_next_staff, tell_progress
from tests.admin.records import book
from tests.browser.looks import assert_accessible, assert_fits, press
from tests.browser.people import SignedIn
from tests.cast import PASSWORD, HospitalCast
from tests.hospitals.staff.staff_files import GOOD, file_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LOOKS = [("desktop", False), ("phone", True)]
SHOTS = os.environ.get("SCREENSHOTS")


def look(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{page.viewport_size['width'] if page.viewport_size else 0}.png")
    assert_accessible(page)
    assert_fits(page)


def choose(page: Page, content: bytes) -> None:
    page.get_by_label("CSV file").set_input_files({"name": "staff.csv", "mimeType": "text/csv", "buffer": content})
    press(page, page.get_by_role("button", name="Check the file"))


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_a_file_is_mended_and_added(signed_in: SignedIn, north: HospitalCast, size: str, dark: bool) -> None:
    page = signed_in(north.admin, "/admin/hospitals/doctor/", size=size, dark=dark)
    look(page, "list")
    page.get_by_role("link", name="Import CSV").click()
    expect(page.get_by_label("CSV file")).to_be_visible()
    look(page, "upload")
    choose(page, b"name,mail\n")
    expect(page.get_by_text("It says: name, mail.")).to_be_visible()
    look(page, "header")
    choose(page, file_of(*GOOD, "nurse,Nick,nick@north.test,,", "doctor,Dora,doctor@north.test,,"))
    expect(page.get_by_text("2 lines need a change.")).to_be_visible()
    look(page, "wrong")
    page.get_by_role("link", name="Choose the file again").click()
    expect(page.get_by_label("CSV file")).to_be_visible()
    choose(page, file_of(*GOOD))
    expect(page.get_by_text("Add 3 people to North?")).to_be_visible()
    look(page, "preview")
    press(page, page.get_by_role("button", name="Add 3 people"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert import_next_staff(at=timezone.now(), told=tell_progress)
    # The page looks again by itself.
    expect(page.get_by_text("3 people were added to North.")).to_be_visible()
    look(page, "done")


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_a_person_is_found(signed_in: SignedIn, north: HospitalCast, patient: Patient, size: str, dark: bool) -> None:
    book(north, patient, timezone.now())
    page = signed_in(north.admin, "/admin/hospitals/doctor/", size=size, dark=dark)
    if size == "desktop":
        page.get_by_label("Find a person").fill("pa")
        page.keyboard.press("Enter")
    else:
        page.goto("/admin/find/?q=pa")
    expect(page.get_by_text("Paula Patient")).to_be_visible()
    look(page, "find")
    page.goto("/admin/find/?q=north")
    look(page, "find-staff")
    page.goto("/admin/find/?q=x")
    look(page, "find-little")


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_an_operator_is_told_why_a_doctor_stays(
    signed_in: SignedIn, north: HospitalCast, south: HospitalCast, patient: Patient, size: str, dark: bool
) -> None:
    book(north, patient, timezone.now())
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    page = signed_in(operator, f"/admin/hospitals/doctor/{north.doctor.pk}/move/", size=size, dark=dark)
    page.get_by_label("New hospital").select_option("South")
    press(page, page.get_by_role("button", name="Move"))
    expect(page.get_by_text("still has booked appointments here")).to_be_visible()
    look(page, "move")
    page.goto("/admin/hospitals/hospital/add/")
    look(page, "hospital")
