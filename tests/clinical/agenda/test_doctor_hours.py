"""A doctor's own week and time off, and the visits these hit."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient
from clinical.models import Appointment, VisitDecision
from hospitals.models import DoctorAvailability, DoctorTimeOff, Hospital
from tests.api.calendar import Memory
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import make_visit
from tests.hospitals import publishing

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NINE = dt.datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Vienna"))
HOURS = "/staff/doctor/hours/"
TIME_OFF = "/staff/doctor/hours/time-off/"
MONDAY_AFTERNOON = {"d1-0-start": "13:00", "d1-0-end": "17:00", "do": "save"}
OFF = {"off-first_day": "2026-11-23", "off-reason": "congress"}
HOURS_QUERIES = 6


@pytest.fixture(autouse=True)
def _clock(settings: Settings, calendar: Memory) -> Iterator[None]:
    settings.SCHEDULE_PUBLISHER = publishing.PATH
    publishing.wanted.clear()
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(8), end_time=dt.time(12))
    return make_visit(patient, north.doctor, NINE)


def plan() -> list[tuple[int, dt.time, dt.time]]:
    return list(DoctorAvailability.objects.values_list("day_of_week", "start_time", "end_time"))


def fields(page: str) -> dict[str, str]:
    """What the step's form would send: its hidden fields, and the choices that are set."""
    form = page[page.index('aria-labelledby="visits-title"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    chosen = re.findall(r'<input type="radio" id="[^"]+" name="([^"]+)" value="([^"]+)" checked>', form)
    return {name: value for name, value in [*hidden, *chosen] if name != "csrfmiddlewaretoken"}


def test_a_week_is_saved_published_and_on_record(browser: Client, north: HospitalCast) -> None:
    night = {"d5-0-start": "22:00", "d5-0-end": "06:00"}
    answer = browser.post(HOURS, {**MONDAY_AFTERNOON, **night})
    assert (answer.status_code, answer.headers["Location"]) == (302, HOURS)
    assert plan() == [
        (1, dt.time(13), dt.time(17)),
        (5, dt.time(22), dt.time(23, 59)),
        (6, dt.time(0), dt.time(6)),
    ]
    assert publishing.wanted == [north.doctor.pk]
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.surface) == ("changed_hours", north.doctor.pk, "staff")
    page = browser.get(HOURS).content.decode()
    assert "Hours saved." in page
    assert "On the way." in page
    assert "times in Europe/Vienna" in page
    assert re.search(r'name="d5-0-end"[^>]*value="06:00"', page)


def test_rows_are_added_removed_and_copied_without_saving(browser: Client) -> None:
    typed = {"d1-0-start": "08:00", "d1-0-end": "12:00"}
    added = browser.post(HOURS, {**typed, "do": "add-1"}).content.decode()
    assert 'name="d1-1-start"' in added
    assert "Not saved yet." in added
    assert 'name="d1-0-start" value="08:00"' not in browser.post(HOURS, {**typed, "do": "remove-1-0"}).content.decode()
    copied = browser.post(HOURS, {**typed, "do": "copy", "copy_from": "1", "copy_to": ["2", "3"]}).content.decode()
    assert len(re.findall(r'value="08:00"', copied)) == 3
    assert plan() == []


def test_mistakes_are_told_beside_their_fields(browser: Client) -> None:
    answer = browser.post(HOURS, {"d1-0-start": "13:00", "d1-0-end": "", "do": "save"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "When does it end?" in page
    assert "Nothing was saved: 1 entry needs a look." in page
    assert re.search(r'name="d1-0-end"[^>]*aria-invalid="true"', page)
    late = browser.post(TIME_OFF, {"off-first_day": "2026-11-25", "off-last_day": "2026-11-24"})
    assert late.status_code == 422
    assert "This is before the start." in late.content.decode()
    assert (plan(), DoctorTimeOff.objects.count(), publishing.wanted) == ([], 0, [])


def test_hours_that_hit_a_visit_show_it_and_save_nothing(browser: Client, visit: Appointment) -> None:
    page = browser.post(HOURS, MONDAY_AFTERNOON).content.decode()
    assert "1 booked appointment is affected" in page
    assert "Paula Patient" in page
    assert "Mon 23 Nov 2026, 09:00\N{EN DASH}09:30" in page
    assert fields(page) == {**MONDAY_AFTERNOON, "visits-listed": str(visit.pk)}
    assert (plan(), VisitDecision.objects.count()) == ([(1, dt.time(8), dt.time(12))], 0)
    back = browser.post(HOURS, {**MONDAY_AFTERNOON, "visits": "back"})
    assert back.status_code == 200
    assert "Not saved yet." in back.content.decode()
    assert plan() == [(1, dt.time(8), dt.time(12))]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("keep", "Kept"),
        ("ask_to_move", "Asked to move; waiting for the patient"),
        ("cancel", "Being cancelled"),
    ],
)
def test_hours_and_choices_are_saved_together(choice: str, words: str, browser: Client, visit: Appointment) -> None:
    answers = {f"visit-{visit.pk}": choice, "visits": "confirm", "visits-reason": "A congress."}
    assert browser.post(HOURS, MONDAY_AFTERNOON | answers).status_code == 302
    assert plan() == [(1, dt.time(13), dt.time(17))]
    change = VisitDecision.objects.get()
    assert (change.appointment_id, change.choice, change.cause) == (visit.pk, choice, "hours")
    page = browser.get(HOURS).content.decode()
    assert "What became of booked visits" in page
    assert words in page
    can_change = f'href="/staff/doctor/visits/{visit.pk}/#change-title"' in page
    assert can_change is (choice != "cancel")


def test_cancelling_needs_a_reason_and_is_asked_once_more(browser: Client, visit: Appointment) -> None:
    choice = {f"visit-{visit.pk}": "cancel", "visits": "decide"}
    page = browser.post(HOURS, MONDAY_AFTERNOON | choice).content.decode()
    assert "Nothing was saved: say why." in page
    assert "Yes, save" not in page
    page = browser.post(HOURS, MONDAY_AFTERNOON | choice | {"visits-reason": "A congress."}).content.decode()
    assert "1 appointment is cancelled. This cannot be undone." in page
    assert 'value="confirm">Yes, save</button>' in page
    assert (plan(), VisitDecision.objects.count()) == ([(1, dt.time(8), dt.time(12))], 0)


def test_time_off_with_its_visits_and_taking_it_back(browser: Client, north: HospitalCast, visit: Appointment) -> None:
    page = browser.post(TIME_OFF, OFF).content.decode()
    assert fields(page) == {**OFF, "visits-listed": str(visit.pk)}
    assert DoctorTimeOff.objects.count() == 0
    answer = browser.post(
        TIME_OFF, {**OFF, f"visit-{visit.pk}": "ask_to_move", "visits": "decide", "visits-reason": "Off"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, HOURS)
    off = DoctorTimeOff.objects.get()
    assert (off.reason, off.created_by_id, off.is_whole_days) == ("congress", north.doctor.pk, True)
    assert "Remove the time off 23 Nov 2026" in browser.get(HOURS).content.decode()
    assert browser.post(f"{TIME_OFF}{off.pk}/cancel/").status_code == 302
    assert DoctorTimeOff.objects.count() == 0
    actions = list(AccessEvent.objects.filter(action="changed_hours").order_by("pk").values_list("reason", flat=True))
    assert actions == ["time off added", "time off cancelled"]


def test_a_colleagues_hours_are_not_theirs_to_change(
    signed_in: SignedIn, north: HospitalCast, south: HospitalCast, visit: Appointment
) -> None:
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=NINE, ends_at=NINE + dt.timedelta(hours=1))
    other = signed_in(south.doctor.user)
    assert other.post(f"{TIME_OFF}{off.pk}/cancel/").status_code == 404
    assert other.post(f"{TIME_OFF}{uuid.uuid4()}/cancel/").status_code == 404
    assert other.post(HOURS, MONDAY_AFTERNOON).status_code == 302
    own = DoctorAvailability.objects.filter(doctor=north.doctor).values_list("start_time", flat=True)
    assert (list(own), DoctorTimeOff.objects.count()) == ([dt.time(8)], 1)
    assert publishing.wanted == [south.doctor.pk]


def test_without_a_time_zone_the_page_says_what_is_missing(browser: Client, north: HospitalCast) -> None:
    Hospital.objects.update(time_zone=None)
    page = browser.get(HOURS).content.decode()
    assert "until your hospital has a time zone" in page
    refused = browser.post(TIME_OFF, OFF)
    assert refused.status_code == 422
    assert "The hospital needs a time zone first." in refused.content.decode()


@pytest.mark.parametrize("count", [2, 20])
def test_the_page_costs_the_same_however_much_was_decided(
    count: int,
    browser: Client,
    north: HospitalCast,
    patient: Patient,
    visit: Appointment,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        make_visit(patient, north.doctor, NINE + dt.timedelta(minutes=number))
    page = browser.post(TIME_OFF, OFF).content.decode()
    chosen = {f"visit-{one}": "keep" for one in re.findall(r'name="visits-listed" value="([^"]+)"', page)}
    assert len(chosen) == count + 1
    browser.post(TIME_OFF, {**OFF, **chosen, "visits": "confirm"})
    with django_assert_num_queries(HOURS_QUERIES):
        shown = browser.get(HOURS).content
    assert shown.count(b"#change-title") == count + 1
