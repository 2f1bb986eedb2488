"""The jobs of the portal, done as a person does them, at a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import AccessEvent, BreakGlassGrant, Patient, Role, User
from clinical.models import Appointment
from hospitals.models import Doctor, DoctorAvailability, Hospital
from integrations.models import CalWebhook
from tests.admin.records import read
from tests.browser.looks import assert_accessible, assert_fits
from tests.browser.people import SignedIn
from tests.cast import PASSWORD, HospitalCast, make_staff
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOUR = dt.timedelta(hours=1)
SIZES = pytest.mark.parametrize("size", ["desktop", "phone"])


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


def go(page: Page, name: str) -> None:
    """By the side bar, which a phone folds away."""
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True)
    page.wait_for_load_state()
    if not link.is_visible():
        page.get_by_role("button", name="Menu").click()
    link.click()


def push(page: Page, name: str) -> None:
    """A button that leads to another page, which is there afterwards."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def good(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


@SIZES
def test_a_doctor_is_added_and_signs_in(size: str, signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.admin, "/admin/", size=size)
    go(page, "Doctors")
    page.locator("a[href$='/doctor/add/']").first.click()
    page.get_by_label("Full name").fill("Dr. Nora New")
    page.get_by_label("Email").fill("nora@north.test")
    push(page, "Add with a temporary password")
    good(page)
    password = page.locator(".portal-secret").inner_text()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("link", name="Dr. Nora New")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/staff/login/")
    page.get_by_label("Email").fill("nora@north.test")
    page.get_by_label("Password").fill(password)
    push(page, "Sign in")
    expect(page.get_by_label("New password", exact=True)).to_be_visible()


@SIZES
def test_who_is_locked_out_is_let_in_and_who_leaves_is_not(size: str, signed_in: SignedIn, north: HospitalCast) -> None:
    later = timezone.now() + dt.timedelta(minutes=10)
    User.objects.filter(pk=north.doctor.pk).update(lockout_until=later)
    page = signed_in(north.admin, "/admin/", size=size)
    with page.expect_navigation():
        page.locator("section[aria-labelledby=locked]").get_by_role("link", name="Dora North").click()
    good(page)
    push(page, "Unlock now")
    page.wait_for_url("**/change/")
    assert User.objects.get(pk=north.doctor.pk).lockout_until is None
    go(page, "Doctors")
    page.get_by_role("link", name="Dora North").click()
    page.get_by_role("link", name="Deactivate…", exact=True).click()
    push(page, "Deactivate")
    page.wait_for_url("**/change/")
    assert User.objects.get(pk=north.doctor.pk).is_active is False
    page.goto(reverse("admin:hospitals_doctor_access", args=[north.doctor.pk]))
    push(page, "Reactivate")
    page.wait_for_url("**/change/")
    assert User.objects.get(pk=north.doctor.pk).is_active is True
    page.goto(reverse("admin:hospitals_doctor_change", args=[north.doctor.pk]))
    page.get_by_role("link", name="New password").click()
    push(page, "New temporary password")
    expect(page.get_by_text("it is not shown again")).to_be_visible()


@SIZES
def test_a_week_is_written_copied_and_taken_from_a_colleague(
    size: str, signed_in: SignedIn, north: HospitalCast
) -> None:
    user = make_staff(north.hospital, Role.DOCTOR, "cora@north.test", "Cora North")
    colleague = Doctor.objects.create(user=user, hospital=north.hospital)
    page = signed_in(north.admin, "/admin/hospitals/doctor/", size=size)
    page.locator("tr", has_text="Dora North").get_by_role("link", name="Weekly hours").click()
    page.locator("[name=d1-0-start]").fill("08:00")
    page.locator("[name=d1-0-end]").fill("12:00")
    page.locator("[name=copy_from]").select_option("1")
    page.locator("[name=copy_to][value='3']").check()
    push(page, "Copy")
    expect(page.locator("[name=d3-0-start]")).to_have_value("08:00")
    good(page)
    push(page, "Save hours")
    page.get_by_text("Hours saved.").wait_for()
    week = [(1, dt.time(8), dt.time(12)), (3, dt.time(8), dt.time(12))]
    assert windows(north.doctor) == week
    page.goto(reverse("admin:hospitals_doctor_hours", args=[colleague.pk]))
    page.get_by_label("The whole week of").select_option(label="Dora North")
    push(page, "Replace the hours above")
    assert windows(colleague) == []
    push(page, "Save hours")
    page.get_by_text("Hours saved.").wait_for()
    assert windows(colleague) == week


def windows(doctor: Doctor) -> list[tuple[object, ...]]:
    rows = DoctorAvailability.objects.filter(doctor=doctor).order_by("day_of_week", "start_time")
    return list(rows.values_list("day_of_week", "start_time", "end_time"))


@SIZES
def test_what_needs_a_look_is_settled(size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    start = timezone.now() - dt.timedelta(minutes=5)
    typed = make_visit(patient, north.doctor, start, patient_match="phone", guest_name="Paula Patient")
    make_visit(None, north.doctor, start + dt.timedelta(minutes=10), guest_name="Gus")
    page = signed_in(north.admin, "/admin/clinical/appointment/", size=size)
    page.locator("#portal-main").get_by_role("link", name="Needs attention").click()
    page.locator("summary", has_text="It is this patient").click()
    push(page, "Yes, open the record")
    page.locator("#unconfirmed").wait_for(state="detached")
    assert Appointment.objects.get(pk=typed.pk).identity_confirmed_at is not None
    good(page)
    push(page, "Keep")
    page.get_by_text("Nothing needs attention.").wait_for()
    page.goto("/admin/clinical/appointment/")
    page.get_by_role("link", name="Week", exact=True).click()
    page.get_by_role("link", name="Dora North").click()
    page.get_by_role("link", name="Paula Patient").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


@SIZES
def test_an_operator_adds_a_hospital_and_breaks_the_glass(size: str, signed_in: SignedIn, operator: User) -> None:
    page = signed_in(operator, "/admin/", size=size)
    go(page, "Hospitals")
    page.locator("a[href$='/hospital/add/']").first.click()
    page.get_by_label("Name").first.fill("West")
    push(page, "Save")
    page.get_by_text("West").first.wait_for()
    west = Hospital.objects.get(name="West")
    go(page, "Break the glass")
    page.get_by_label("Hospital").select_option(str(west.pk))
    page.get_by_label("Why it is needed").fill("A prescription that cannot be found.")
    push(page, "Continue")
    good(page)
    page.locator("main form button[type=submit].portal-button").last.click()
    expect(page.get_by_text("The patients' records of West are open to you")).to_be_visible()
    push(page, "Close them now")
    expect(page.get_by_text("are open to you")).to_have_count(0)
    assert BreakGlassGrant.objects.count() == 1


@SIZES
def test_an_operator_applies_webhooks_again(size: str, signed_in: SignedIn, operator: User) -> None:
    for _ in range(2):
        CalWebhook.objects.create(raw_webhook_body={}, trigger="BOOKING_CREATED", status="FAILED")
    page = signed_in(operator, "/admin/integrations/calwebhook/replay/", size=size)
    now = timezone.now()
    page.get_by_label("Received from").fill(f"{now - dt.timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("until").fill(f"{now + dt.timedelta(days=1):%Y-%m-%dT%H:%M}")
    push(page, "Count them")
    expect(page.get_by_text("2 webhooks would be applied again.")).to_be_visible()
    good(page)
    push(page, "Apply them again")
    page.wait_for_url("**/calwebhook/**")
    assert list(CalWebhook.objects.values_list("status", flat=True)) == ["PENDING"] * 2


@SIZES
def test_the_access_log_is_taken_along(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient, tmp_path: Path
) -> None:
    read(north, patient)
    page = signed_in(north.admin, "/admin/", size=size)
    go(page, "Access log")
    with page.expect_download() as download:
        page.get_by_text("Export this list").click()
    download.value.save_as(tmp_path / "log.csv")
    assert "Paula Patient" in (tmp_path / "log.csv").read_text(encoding="utf-8-sig")


def test_an_appointments_page_renews_itself_and_loses_nothing_typed(
    signed_in: SignedIn, north: HospitalCast, patient: Patient
) -> None:
    start = timezone.now() + dt.timedelta(days=1)
    typed_on, other = make_visit(patient, north.doctor, start), make_visit(patient, north.doctor, start + 2 * HOUR)
    page = signed_in(north.admin, "/admin/")
    page.clock.install()
    reason = page.get_by_label("Reason (shown to the patient)")
    for visit in (typed_on, other):
        page.goto(reverse("admin:clinical_appointment_change", args=[visit.pk]))
        if visit == typed_on:
            reason.fill("The doctor is ill.")
            reason.blur()
        Appointment.objects.filter(pk=visit.pk).update(status="CANCELLED", cancellation_reason="I am well again")
        with page.expect_response(lambda answer: "x-poll" in answer.request.headers and "/change/" in answer.url):
            page.clock.run_for(31_000)
        if visit == typed_on:
            expect(reason).to_have_value("The doctor is ill.")
    expect(page.get_by_text("I am well again")).to_be_visible()
    expect(reason).to_have_count(0)
    assert AccessEvent.objects.filter(action="opened_visit").count() == 2
