"""Each job of a doctor, walked at the desk and on a phone: day, visit, week, search, hours, profile."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import AccessEvent, Patient, Profile
from clinical.models import Appointment, VisitDecision
from hospitals.models import DoctorAvailability, DoctorTimeOff
from tests.browser.looks import assert_accessible, assert_fits, press
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SIZES = ("desktop", "phone")
LOOKS = [("desktop", False), ("desktop", True), ("phone", False), ("phone", True)]
QUARTER = dt.timedelta(minutes=15)


@pytest.fixture
def week(north: HospitalCast) -> None:
    for day in range(1, 8):
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=day, start_time=dt.time(0), end_time=dt.time(23, 59)
        )


@pytest.mark.parametrize("size", SIZES)
def test_from_the_day_to_a_mark_and_back(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient, week: None
) -> None:
    visit = make_visit(patient, north.doctor, timezone.now() - dt.timedelta(minutes=1))
    page = signed_in(north.doctor.user, "/staff/doctor/", size=size)
    expect(page.get_by_role("heading", name="In consultation")).to_be_visible()
    page.get_by_role("link", name="Open appointment").click()
    page.get_by_role("button", name="Attended").click()
    expect(page.locator("#toasts")).to_contain_text("Recorded: attended.")
    assert Appointment.objects.get(pk=visit.pk).status == "COMPLETED"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Outcome cleared.")
    assert Appointment.objects.get(pk=visit.pk).status == "SCHEDULED"


@pytest.mark.parametrize("size", SIZES)
def test_asking_to_move_and_cancelling_with_a_reason(
    size: str, signed_in: SignedIn, north: HospitalCast, patient: Patient, week: None
) -> None:
    start = timezone.now() + dt.timedelta(days=7)
    visit = make_visit(patient, north.doctor, start)
    page = signed_in(north.doctor.user, "/staff/doctor/", size=size)
    page.get_by_role("link", name="Week", exact=True).first.click()
    page.get_by_role("link", name="Next week").click()
    expect(page.get_by_role("link", name="Paula Patient")).to_be_visible()
    page.goto(reverse("staff:doctor-visit", args=[visit.pk]))
    page.get_by_text("Ask the patient to move, or cancel").click()
    page.get_by_label("Reason").fill("A course.")
    page.get_by_role("button", name="Ask the patient to move").click()
    expect(page.get_by_text("has not done so yet.")).to_be_visible()
    page.get_by_text("Cancel it").click()
    page.get_by_label("Reason").fill("I am away.")
    page.get_by_role("button", name="Cancel the appointment").click()
    page.get_by_role("button", name="Yes, cancel the appointment").click()
    expect(page.get_by_text("Cancellation pending:")).to_be_visible()
    assert list(VisitDecision.objects.order_by("decided_at").values_list("choice", "reason")) == [
        ("ask_to_move", "A course."),
        ("cancel", "I am away."),
    ]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_hours_and_time_off_with_the_visits_they_hit(
    size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient, week: None
) -> None:
    start = (timezone.now() + dt.timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    for number in range(3):
        make_visit(patient, north.doctor, start + number * QUARTER)
    make_visit(None, north.doctor, start + 3 * QUARTER, guest_name="Gustav Guest-With-A-Rather-Long-Name")
    page = signed_in(north.doctor.user, "/staff/doctor/hours/", size=size, dark=dark)
    look(page)
    for day in range(1, 8):
        page.locator(f"[name=d{day}-0-start]").fill("18:00")
        page.locator(f"[name=d{day}-0-end]").fill("18:00" if day == 1 else "20:00")
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_text("It ends when it starts.")).to_be_visible()
    expect(page.locator("[name=d1-0-end]")).to_be_focused()
    look(page)
    page.locator("[name=d1-0-end]").fill("20:00")
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_role("heading", name="4 booked appointments are affected")).to_be_visible()
    page.get_by_role("button", name="All: Ask to move").click()
    page.get_by_role("group", name="Gustav").get_by_label("Keep").check()
    page.get_by_label("Message to patients").fill("A congress.")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Yes, save").click()
    expect(page.locator("#toasts")).to_contain_text("Hours saved.")
    assert sorted(VisitDecision.objects.values_list("choice", flat=True)) == ["ask_to_move"] * 3 + ["keep"]
    look(page)
    page.get_by_label("First day").fill((timezone.now() + dt.timedelta(days=9)).date().isoformat())
    page.locator("[name=off-reason]").fill("Holiday")
    page.get_by_role("button", name="Add time off").click()
    expect(page.locator("#toasts")).to_contain_text("Time off saved.")
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.locator("#toasts")).to_contain_text("Time off removed.")
    assert not DoctorTimeOff.objects.exists()
    page.get_by_role("link", name="Change what happens").first.click()
    expect(page.get_by_role("heading", name="Reschedule or cancel")).to_be_visible()


def test_hours_by_keyboard_and_without_script(signed_in: SignedIn, north: HospitalCast) -> None:
    page = signed_in(north.doctor.user, "/staff/doctor/hours/", script=False)
    press(page, page.get_by_role("button", name="Add a row to Monday"))
    expect(page.locator("[name=d1-1-start]")).to_be_focused()
    page.locator("[name=d1-1-start]").fill("08:00")
    page.locator("[name=d1-1-end]").fill("12:00")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Hours saved.")
    assert DoctorAvailability.objects.get().start_time == dt.time(8)


@pytest.mark.parametrize("role", ["doctor", "pharmacist"])
@pytest.mark.parametrize("size", SIZES)
def test_profile_and_help(size: str, role: str, signed_in: SignedIn, north: HospitalCast) -> None:
    user = getattr(north, role).user
    page = signed_in(user, "/staff/", size=size)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_label("Account").click()
    page.get_by_role("link", name="Profile").click()
    page.get_by_label("Full name").fill("")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    look(page)
    page.get_by_label("Full name").fill("Dr. Nora Newname")
    page.get_by_role("button", name="Save name").click()
    expect(page.locator("#toasts")).to_contain_text("Your name is changed.")
    look(page)
    assert Profile.objects.get(user=user).full_name == "Dr. Nora Newname"
    page.goto("/staff/help/")
    look(page)


def test_a_typed_search_is_one_search(signed_in: SignedIn, north: HospitalCast, patient: Patient, week: None) -> None:
    make_visit(patient, north.doctor, timezone.now())
    page = signed_in(north.doctor.user, "/staff/doctor/patients/")
    expect(page.get_by_label("Name or phone")).to_be_focused()
    for part in ("pau", "la p", "atient"):
        with page.expect_response("**/patients/?q=*"):
            page.keyboard.type(part)
    expect(page.get_by_role("link", name="Paula Patient")).to_be_visible()
    assert AccessEvent.objects.filter(action="searched_patients").count() == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("address", ["/staff/doctor/", "/staff/doctor/week/"])
def test_nothing_jumps_while_polling(
    address: str, size: str, signed_in: SignedIn, north: HospitalCast, week: None
) -> None:
    """Not even when something comes in: what is above it stays where it is."""
    # All of them today, at whatever hour this runs.
    noon = timezone.localtime(timezone.now(), ZoneInfo("Europe/Vienna")).replace(hour=12, minute=0)
    for number in range(4):
        make_visit(make_patient(f"4366000{number:05d}", f"Ann {number}"), north.doctor, noon + number * QUARTER)
    page = signed_in(north.doctor.user, "/staff/", size=size)
    page.clock.install()
    page.goto(address)
    page.evaluate(_COUNT_SHIFTS)
    # 200 when a minute has begun: the day shows it.
    assert poll(page) in (200, 304)
    Appointment.objects.filter(patient__user__profile__full_name="Ann 2").update(status="COMPLETED")
    assert poll(page) == 200
    expect(page.locator(".visit-completed")).to_have_count(1)
    assert shifts(page) == []
    # That the browser would have told.
    page.evaluate(_PUSH_DOWN)
    assert len(shifts(page)) == 1


def poll(page: Page) -> int:
    with page.expect_response(lambda answer: "x-poll" in answer.request.headers) as answered:
        page.clock.run_for(10_000)
    return answered.value.status


def shifts(page: Page) -> list[object]:
    # Whose frame is drawn is told.
    page.screenshot()
    told: list[object] = page.evaluate(_SHIFTS)
    return told


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


_COUNT_SHIFTS = """() => {
  window.shifts = [];
  window.keep = entries => window.shifts.push(...entries);
  window.observer = new PerformanceObserver(list => window.keep(list.getEntries()));
  window.observer.observe({ type: 'layout-shift' });
}"""
_SHIFTS = """() => {
  window.keep(window.observer.takeRecords());
  return window.shifts.map(entry => [entry.value, ...entry.sources.map(one => one.node?.outerHTML?.slice(0, 80))]);
}"""
_PUSH_DOWN = """() => {
  window.scrollTo(0, 0);
  document.querySelector('main').prepend(Object.assign(document.createElement('h1'), {innerText: 'A'}));
}"""
