from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccessEvent, Patient
from clinical.models import Appointment, VisitDecision
from hospitals.hours import hit_visits_step
from hospitals.models import DoctorAvailability, DoctorTimeOff
from tests.api.calendar import Memory
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_visit

pytestmark = pytest.mark.usefixtures("published")

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NINE = dt.datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Vienna"))
WEEK = {"d1-0-start": "13:00", "d1-0-end": "17:00", "do": "save"}
# Whoever asks patients to move or cancels says why.
WHY = {"visits-reason": "A congress"}
CANCEL = {"choice": "cancel", "confirmed": "cancel"} | WHY
OFF = {"off-first_day": "2026-11-23", "off-reason": "congress"}


@pytest.fixture(autouse=True)
def _clock(calendar: Memory) -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(8), end_time=dt.time(12))
    return make_visit(patient, north.doctor, NINE)


def page_of(north: HospitalCast, name: str, *args: object) -> str:
    return reverse(f"admin:hospitals_doctor_{name}", args=[north.doctor.pk, *args])


def saved() -> tuple[list[dt.time], int, int]:
    plan = list(DoctorAvailability.objects.values_list("start_time", flat=True))
    return plan, DoctorTimeOff.objects.count(), VisitDecision.objects.count()


NOTHING = ([dt.time(8)], 0, 0)


def fields(page: str) -> dict[str, str]:
    """What the step's form would send: its hidden fields, and the choices that are set."""
    form = page[page.index('aria-labelledby="visits"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    chosen = re.findall(r'<input type="radio" name="([^"]+)" value="([^"]+)" checked>', form)
    return {name: value for name, value in [*hidden, *chosen] if name != "csrfmiddlewaretoken"}


def test_hours_that_hit_a_visit_show_it_and_save_nothing(
    admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    page = admin_client.post(page_of(north, "hours"), WEEK).content.decode()
    assert "1 booked appointment is affected" in page
    assert "Mon 23 Nov 2026, 09:00&ndash;09:30, Paula Patient" in page
    assert "To be saved: <strong>Mon 13:00–17:00</strong>" in page
    assert fields(page) == {**WEEK, "visits-listed": str(visit.pk)}
    assert saved() == NOTHING


def test_without_a_choice_nothing_is_saved(admin_client: Client, north: HospitalCast, visit: Appointment) -> None:
    sent = WEEK | {"visits-listed": str(visit.pk)}
    for button in ("decide", "confirm"):
        page = admin_client.post(page_of(north, "hours"), sent | {"visits": button}).content.decode()
        assert "Nothing was saved: choose for each appointment." in page
        assert "More appointments were booked" not in page
        assert saved() == NOTHING


@pytest.mark.parametrize("name", ["hours", "time_off"])
@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        ("keep", "1 appointment is kept although the doctor is not available then."),
        ("cancel", "1 appointment is cancelled. This cannot be undone."),
    ],
)
def test_keeping_and_cancelling_are_asked_once_more(
    name: str, choice: str, asked: str, admin_client: Client, north: HospitalCast, visit: Appointment, calendar: Memory
) -> None:
    sent = (WEEK if name == "hours" else OFF) | WHY | {f"visit-{visit.pk}": choice}
    page = admin_client.post(page_of(north, name), sent | {"visits": "decide"}).content.decode()
    assert asked in page
    assert (page.count("Yes, save"), page.count('value="decide"'), len(calendar.requests)) == (1, 0, 0)
    assert saved() == NOTHING
    assert ">A congress</textarea>" in page
    assert (WHY | fields(page)).items() >= sent.items()
    answer = admin_client.post(page_of(north, name), fields(page) | WHY | {"visits": "confirm"})
    assert (answer.status_code, VisitDecision.objects.get().choice) == (302, choice)


@pytest.mark.parametrize("name", ["hours", "time_off"])
@pytest.mark.parametrize("choice", ["ask_to_move", "cancel"])
@pytest.mark.parametrize("button", ["decide", "confirm"])
def test_patients_who_are_asked_or_cancelled_are_told_why(
    name: str, choice: str, button: str, admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    sent = (WEEK if name == "hours" else OFF) | {f"visit-{visit.pk}": choice, "visits": button, "visits-reason": " "}
    page = admin_client.post(page_of(north, name), sent).content.decode()
    assert 'id="visits-reason-error" class="week-error">Nothing was saved: say why.' in page
    assert "Yes, save" not in page
    assert saved() == NOTHING


def test_many_are_kept_and_cancelled_by_one_confirmation(
    admin_client: Client, north: HospitalCast, visit: Appointment, other_patient: Patient, calendar: Memory
) -> None:
    kept = make_visit(other_patient, north.doctor, NINE + dt.timedelta(hours=1))
    sent = {**OFF, **WHY, f"visit-{visit.pk}": "cancel", f"visit-{kept.pk}": "keep", "visits": "decide"}
    page = admin_client.post(page_of(north, "time_off"), sent).content.decode()
    assert "1 appointment is cancelled. This cannot be undone." in page
    assert "1 appointment is kept although" in page
    assert saved() == NOTHING
    admin_client.post(page_of(north, "time_off"), fields(page) | WHY | {"visits": "confirm"})
    assert saved() == ([dt.time(8)], 1, 2)


@pytest.mark.parametrize("choice", ["keep", "ask_to_move", "cancel"])
def test_hours_and_choices_are_saved_together_and_shown(
    choice: str, admin_client: Client, north: HospitalCast, visit: Appointment, calendar: Memory
) -> None:
    answers = {f"visit-{visit.pk}": choice, "visits": "confirm", "visits-reason": " A\n congress\x00 "}
    answer = admin_client.post(page_of(north, "hours"), WEEK | answers)
    assert answer.headers["Location"] == page_of(north, "hours")
    change = VisitDecision.objects.get()
    assert (change.choice, change.cause, change.reason) == (choice, "hours", "" if choice == "keep" else "A congress")
    assert saved() == ([dt.time(13)], 0, 1)
    page = admin_client.get(page_of(north, "hours")).content.decode()
    words = {
        "keep": "Kept",
        "ask_to_move": "Asked to move; waiting for the patient",
        "cancel": "Being cancelled",
    }
    assert words[choice] in page
    assert f'href="/admin/clinical/appointment/{visit.pk}/change/"' in page
    assert (page_of(north, "decide_visit", visit.pk) in page) is (choice != "cancel")


def test_time_off_goes_the_same_way(admin_client: Client, north: HospitalCast, visit: Appointment) -> None:
    address = page_of(north, "time_off")
    page = admin_client.post(address, OFF).content.decode()
    assert "To be saved: <strong>23 Nov 2026</strong>" in page
    assert fields(page) == {**OFF, "visits-listed": str(visit.pk)}
    assert saved() == NOTHING
    admin_client.post(address, fields(page) | WHY | {f"visit-{visit.pk}": "ask_to_move", "visits": "decide"})
    assert saved() == ([dt.time(8)], 1, 1)
    assert (VisitDecision.objects.get().cause, DoctorTimeOff.objects.get().reason) == ("time_off", "congress")


@pytest.mark.parametrize("name", ["hours", "time_off"])
@pytest.mark.parametrize("choice", ["keep", "ask_to_move", "cancel"])
def test_all_are_set_at_once_and_nothing_is_saved(
    name: str, choice: str, admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    typed = WEEK if name == "hours" else OFF
    page = admin_client.post(page_of(north, name), typed | {"visits": f"all-{choice}"}).content.decode()
    assert fields(page) == {**typed, f"visit-{visit.pk}": choice, "visits-listed": str(visit.pk)}
    assert saved() == NOTHING


def test_enter_saves_nothing(admin_client: Client, north: HospitalCast, visit: Appointment) -> None:
    page = admin_client.post(page_of(north, "hours"), WEEK).content.decode()
    first = re.findall(r'name="visits" value="([^"]+)"', page)[0]
    sent = {**WEEK, f"visit-{visit.pk}": "cancel", "visits-reason": "Ill", "visits": first}
    page = admin_client.post(page_of(north, "hours"), sent).content.decode()
    assert fields(page) == {**WEEK, f"visit-{visit.pk}": "cancel", "visits-listed": str(visit.pk)}
    assert ">Ill</textarea>" in page
    assert saved() == NOTHING


def test_back_shows_what_was_typed(admin_client: Client, north: HospitalCast, visit: Appointment) -> None:
    sent = {**WEEK, f"visit-{visit.pk}": "cancel", "visits": "back"}
    page = admin_client.post(page_of(north, "hours"), sent).content.decode()
    assert 'name="d1-0-start" value="13:00"' in page
    assert "Not saved yet." in page
    page = admin_client.post(page_of(north, "time_off"), OFF | {"visits": "back"}).content.decode()
    assert 'value="congress"' in page
    assert saved() == NOTHING


def test_a_visit_booked_meanwhile_shows_the_list_again(
    admin_client: Client, north: HospitalCast, visit: Appointment, other_patient: Patient
) -> None:
    late = make_visit(other_patient, north.doctor, NINE + dt.timedelta(hours=1))
    sent = {**WEEK, f"visit-{visit.pk}": "cancel", "visits-listed": str(visit.pk), "visits": "decide"}
    page = admin_client.post(page_of(north, "hours"), sent).content.decode()
    assert "More appointments were booked in the meantime." in page
    assert page.count('class="visit-new"') == 1
    chosen = {name: value for name, value in fields(page).items() if name.startswith("visit-")}
    assert chosen == {f"visit-{visit.pk}": "cancel"}
    assert saved() == NOTHING
    choices = {f"visit-{late.pk}": "ask_to_move", "visits": "confirm"} | WHY
    admin_client.post(page_of(north, "hours"), fields(page) | choices)
    assert saved() == ([dt.time(13)], 0, 2)


def test_what_a_list_cannot_hold_has_one_choice(
    admin_client: Client, north: HospitalCast, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hit_visits_step, "MOST_SHOWN", 1)
    people = [make_patient(f"43660{number:07}", f"P {number}") for number in range(3)]
    beside = make_visit(people[0], north.doctor, NINE)
    later = [make_visit(one, north.doctor, NINE + dt.timedelta(hours=1)) for one in people[1:]]
    page = admin_client.post(page_of(north, "hours"), WEEK).content.decode()
    assert "4 booked appointments are affected" in page
    assert "2 later appointments, too many to list here" in page
    assert set(re.findall(r'type="radio" name="(visit-[^"]+)"', page)) == {f"visit-{visit.pk}", f"visit-{beside.pk}"}
    sent = fields(page) | {f"visit-{visit.pk}": "keep", f"visit-{beside.pk}": "keep"}
    admin_client.post(page_of(north, "hours"), sent | {"visits": "confirm"})
    assert VisitDecision.objects.count() == 0
    admin_client.post(page_of(north, "hours"), sent | WHY | {"visits": "confirm", "visits-rest": "ask_to_move"})
    asked = VisitDecision.objects.filter(choice="ask_to_move").values_list("appointment_id", flat=True)
    assert (set(asked), VisitDecision.objects.count()) == ({one.pk for one in later}, 4)


def test_an_earlier_choice_stands_when_the_visit_is_hit_again(
    admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    admin_client.post(page_of(north, "hours"), WEEK | WHY | {f"visit-{visit.pk}": "ask_to_move", "visits": "decide"})
    page = admin_client.post(page_of(north, "time_off"), OFF).content.decode()
    assert fields(page)[f"visit-{visit.pk}"] == "ask_to_move"


def test_a_choice_is_changed_later(
    admin_client: Client, north: HospitalCast, visit: Appointment, calendar: Memory
) -> None:
    admin_client.post(page_of(north, "hours"), WEEK | WHY | {f"visit-{visit.pk}": "ask_to_move", "visits": "decide"})
    address = page_of(north, "decide_visit", visit.pk)
    page = admin_client.get(address).content.decode()
    assert re.findall(r'value="([^"]+)" checked', page) == ["ask_to_move"]
    page = admin_client.post(address, {"choice": "keep"}).content.decode()
    assert "The doctor is not available then. The patient is not told, and will come." in page
    admin_client.post(address, {"choice": "keep", "confirmed": "keep"})
    assert VisitDecision.objects.current().get().choice == "keep"
    page = admin_client.post(address, {"choice": "cancel", "confirmed": "cancel"}).content.decode()
    assert "Nothing was saved: say why." in page
    assert "Yes, cancel it" not in page
    for confirmed in ({}, {"confirmed": "keep"}):
        page = admin_client.post(address, {"choice": "cancel", "visits-reason": "Ill"} | confirmed).content.decode()
        assert "The patient loses this time. This cannot be undone." in page
        assert re.findall(r'value="([^"]+)" checked', page) == ["cancel"]
        assert ">Ill</textarea>" in page
        assert calendar.requests == {}
    admin_client.post(address, {"choice": "cancel", "confirmed": "cancel", "visits-reason": "Ill"})
    change = VisitDecision.objects.current().get()
    assert (change.choice, change.cause, change.reason) == ("cancel", "visit", "Ill")
    assert [one["reason"] for one in calendar.requests.values()] == ["Ill"]


def test_a_choice_that_comes_too_late_is_told(admin_client: Client, north: HospitalCast, visit: Appointment) -> None:
    Appointment.objects.update(status="CANCELLED")
    answer = admin_client.post(page_of(north, "decide_visit", visit.pk), CANCEL, follow=True)
    assert "This visit was cancelled." in answer.content.decode()
    assert not VisitDecision.objects.exists()


def test_a_refused_cancellation_says_why(
    admin_client: Client, north: HospitalCast, visit: Appointment, calendar: Memory
) -> None:
    admin_client.post(page_of(north, "decide_visit", visit.pk), CANCEL)
    calendar.state, calendar.code = "refused", "calendar_unavailable"
    page = admin_client.get(page_of(north, "hours")).content.decode()
    assert "Not cancelled: the calendar could not be reached." in page
    assert page_of(north, "decide_visit", visit.pk) in page


def test_a_visit_elsewhere_is_not_there(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    foreign = make_visit(patient, south.doctor, NINE)
    for doctor in (north, south):
        answer = admin_client.post(page_of(doctor, "decide_visit", foreign.pk), CANCEL)
        assert answer.status_code == 302
    nobody = admin_client.post(page_of(north, "decide_visit", uuid.uuid4()), CANCEL, follow=True)
    assert "There is no such appointment." in nobody.content.decode()
    assert (VisitDecision.objects.count(), AccessEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize("many", [2, 20])
def test_the_pages_cost_the_same_whatever_the_number_of_visits(
    admin_client: Client, north: HospitalCast, visit: Appointment, many: int
) -> None:
    people = [make_patient(f"43660{number:07}", f"P {number}") for number in range(many - 1)]
    for one in people:
        make_visit(one, north.doctor, NINE)
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.post(page_of(north, "hours"), WEEK).content.decode()
    assert len(queries) == STEP_QUERIES
    listed = re.findall(r'name="visits-listed" value="([^"]+)"', page)
    choices = {f"visit-{one}": "keep" for one in listed}
    admin_client.post(page_of(north, "hours"), WEEK | choices | {"visits": "confirm"})
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.get(page_of(north, "hours")).content.decode()
    assert (page.count("Kept"), len(queries)) == (many, PAGE_QUERIES)


STEP_QUERIES = 15
PAGE_QUERIES = 7
