"""A session that ends loses nothing, in Chromium."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Patient
from accounts.staff_sign_in.sessions import ACTIVE
from clinical.models import Prescription
from tests.browser.people import SignedIn
from tests.cast import PASSWORD, HospitalCast
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DAY = "/staff/doctor/"


def leave_idle(minutes: int) -> None:
    """Every session was last active so long ago."""
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        session[ACTIVE] = (timezone.now() - dt.timedelta(minutes=minutes)).isoformat()
        session.save()


def sign_in_again(page: Page, email: str = "doctor@north.test") -> None:
    expect(page.get_by_text("You were signed out after 30 minutes of inactivity.")).to_be_visible()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def form(north: HospitalCast, patient: Patient) -> str:
    make_visit(patient, north.doctor, timezone.now())
    return reverse("staff:prescribe", args=[patient.pk])


def write(page: Page, number: int, name: str) -> None:
    line = {"name": name, "dose": "1 tablet", "frequency": "once a day", "duration_days": "30", "quantity": "30"}
    for field, value in line.items():
        page.locator(f"[name=m{number}-{field}]").fill(value)


@pytest.mark.parametrize("step", ["Review and sign", "Sign and send"])
def test_a_prescription_of_two_lines_comes_back(step: str, signed_in: SignedIn, form: str, north: HospitalCast) -> None:
    page = signed_in(north.doctor.user, form)
    write(page, 0, "Ramipril")
    page.locator("[name=m0-as_needed]").check()
    page.get_by_role("button", name="Add a medication").click()
    write(page, 1, "Ibuprofen")
    if step == "Sign and send":
        page.get_by_role("button", name="Review and sign").click()
    leave_idle(31)
    page.get_by_role("button", name=step).click()
    sign_in_again(page)
    expect(page.get_by_text("This is what you had typed and not sent.")).to_be_visible()
    expect(page.locator("[name=m0-name]")).to_have_value("Ramipril")
    expect(page.locator("[name=m0-as_needed]")).to_be_checked()
    expect(page.locator("[name=m1-name]")).to_have_value("Ibuprofen")
    assert not Prescription.objects.exists()
    page.get_by_role("button", name="Review and sign").click()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("[name=m1-name]")).to_have_value("Ibuprofen")
    page.get_by_role("button", name="Review and sign").click()
    page.get_by_role("button", name="Sign and send").click()
    expect(page.get_by_text("Prescription sent to the pharmacy.")).to_be_visible()
    page.goto(form)
    expect(page.locator("[name=m0-name]")).to_have_value("")
    expect(page.get_by_text("This is what you had typed")).to_have_count(0)


def test_what_was_typed_is_nobody_elses_and_gone_at_sign_out(
    signed_in: SignedIn, form: str, north: HospitalCast
) -> None:
    page = signed_in(north.doctor.user, form)
    kept = "Object.keys(sessionStorage).filter(key => key.startsWith('draft ')).length"
    page.locator("[name=m0-instructions]").fill("With food")
    assert page.evaluate(kept) == 1
    page.reload()
    expect(page.locator("[name=m0-instructions]")).to_have_value("With food")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator("[name=m0-instructions]")).to_have_value("")
    page.locator("[name=m0-instructions]").fill("With food")
    leave_idle(31)
    page.goto(DAY)
    sign_in_again(page, "pharmacist@north.test")
    expect(page.get_by_role("heading", name="Prescriptions")).to_be_visible()
    assert page.evaluate(kept) == 0

    page = signed_in(north.doctor.user, form)
    page.locator("[name=m0-instructions]").fill("With food")
    page.goto("/staff/password/")
    page.get_by_label("Current password").first.fill("secret")
    page.get_by_label("New password", exact=True).fill("secret")
    assert page.evaluate(kept) == 1
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.evaluate(kept) == 0


def test_what_is_twelve_hours_old_is_gone(signed_in: SignedIn, form: str, north: HospitalCast) -> None:
    page = signed_in(north.doctor.user, form)
    page.locator("[name=m0-instructions]").fill("With food")
    page.evaluate(
        """() => { for (const [key, kept] of Object.entries(sessionStorage)) if (key.startsWith("draft "))
        sessionStorage.setItem(key, JSON.stringify({...JSON.parse(kept), at: Date.now() - 12 * 3600 * 1000})) }"""
    )
    page.reload()
    expect(page.locator("[name=m0-instructions]")).to_have_value("")


@pytest.mark.parametrize("path", [DAY, "/admin/hospitals/doctor/add/"])
def test_it_warns_stays_signed_in_and_says_that_it_ended(path: str, signed_in: SignedIn, north: HospitalCast) -> None:
    user = north.admin if path.startswith("/admin/") else north.doctor.user
    page = signed_in(user, "/staff/profile/")
    page.clock.install()
    page.goto(path)
    warning = page.get_by_role("alert").filter(has_text="You will be signed out in less than 2 minutes")
    leave_idle(29)
    expect(warning).to_be_hidden()
    page.clock.run_for(28 * 60 * 1000)
    expect(warning).to_be_visible()
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    leave_idle(31)
    page.clock.run_for(28 * 60 * 1000)
    expect(page.get_by_text("You were signed out after 30 minutes of inactivity.")).to_be_visible()
    assert page.locator("[name=next]").input_value() == path


def test_a_form_of_the_portal_comes_back(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, "/admin/hospitals/doctor/add/")
    page.get_by_label("Name").first.fill("Dr. Nora New")
    leave_idle(31)
    page.locator("#content [type=submit]").first.click()
    sign_in_again(page, "admin@north.test")
    expect(page.get_by_label("Name").first).to_have_value("Dr. Nora New")
    expect(page.get_by_text("This is what you had typed and not sent.")).to_be_visible()
