"""The doctor's day, week, visit and search: for every eye, on every screen, and by keyboard alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinical.models import Appointment
from clinical.visits.decisions import ask_to_move
from hospitals.models import DoctorAvailability, DoctorTimeOff
from tests.browser.looks import assert_accessible, assert_fits, press, tab_to
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LOOKS = [("desktop", False), ("desktop", True), ("phone", False), ("phone", True)]
STATES: tuple[dict[str, Any], ...] = (
    {"status": "COMPLETED"},
    {"no_show": True},
    {"status": "CANCELLED", "cal_status": "cancelled"},
    {"cal_status": "pending"},
    {"patient_match": "phone", "guest_name": "Pauline Visitor"},
    {},
)
HALF_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def visits(north: HospitalCast) -> list[Appointment]:
    """One of each state, around now."""
    now = timezone.now()
    for day in range(1, 8):
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=day, start_time=dt.time(9), end_time=dt.time(17)
        )
    DoctorTimeOff.objects.create(
        doctor=north.doctor, starts_at=now + 4 * HALF_HOUR, ends_at=now + 60 * HALF_HOUR, reason="Teaching"
    )
    visits = [
        make_visit(
            make_patient(f"4366000{number:05d}", f"Maximilian von Hohenstein {number}"),
            north.doctor,
            now + number * HALF_HOUR,
            **facts,
        )
        for number, facts in enumerate(STATES)
    ]
    ahead = make_visit(visits[0].patient, north.doctor, now + dt.timedelta(days=2))
    ask_to_move(appointment_id=ahead.pk, reason="A course.", by=north.doctor.user, at=now)
    return [*visits, ahead]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_pages_are_accessible_and_fit(
    size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, visits: list[Appointment]
) -> None:
    asked, typed = visits[-1], visits[4]
    addresses = [
        "/staff/doctor/",
        "/staff/doctor/?view=list",
        "/staff/doctor/week/",
        reverse("staff:doctor-visit", args=[asked.pk]),
        reverse("staff:doctor-visit", args=[typed.pk]),
        "/staff/doctor/patients/",
        "/staff/doctor/patients/?q=max",
        "/staff/doctor/patients/?q=zz",
    ]
    page = signed_in(north.doctor.user, "/staff/", size=size, dark=dark)
    for address in addresses:
        page.goto(address)
        assert_accessible(page)
        assert_fits(page)


def test_a_mark_and_its_undoing_by_keyboard(
    signed_in: SignedIn, north: HospitalCast, visits: list[Appointment]
) -> None:
    page = signed_in(north.doctor.user, reverse("staff:doctor-visit", args=[visits[5].pk]))
    expect(page.get_by_text("has not begun yet")).to_be_visible()
    Appointment.objects.filter(pk=visits[5].pk).update(start_ts=timezone.now(), end_ts=timezone.now() + HALF_HOUR)
    page.reload()
    press(page, page.get_by_role("button", name="No-show"))
    expect(page.get_by_role("status").first).to_contain_text("Recorded: no-show.")
    press(page, page.get_by_role("button", name="Undo"))
    expect(page.get_by_text("Outcome cleared.")).to_be_visible()
    assert Appointment.objects.get(pk=visits[5].pk).no_show is False


def test_patients_are_found_while_typing_and_without_script(
    signed_in: SignedIn, north: HospitalCast, visits: list[Appointment]
) -> None:
    page = signed_in(north.doctor.user, "/staff/doctor/patients/")
    expect(page.get_by_label("Name or phone")).to_be_focused()
    page.keyboard.type("hohen 5")
    found = page.get_by_role("link", name="Maximilian von Hohenstein 5")
    expect(found).to_be_visible()
    tab_to(page, found)
    plain = signed_in(north.doctor.user, "/staff/doctor/patients/", script=False)
    plain.get_by_label("Name or phone").fill("0660 0000005")
    plain.get_by_role("button", name="Search").click()
    expect(plain.get_by_role("link", name="Maximilian von Hohenstein 5")).to_be_visible()
