from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from tests.cast import PASSWORD, HospitalCast

NOW = dt.datetime(2026, 3, 2, 6, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
POLL = {"HX-Request": "true", "X-Poll": "1"}
DAY = "/staff/doctor/"
SIGN_IN = "/staff/login/?next=/staff/doctor/"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def doctor(north: HospitalCast, clock: time_machine.Traveller) -> Client:
    client = Client()
    client.post("/staff/login/", {"email": "doctor@north.test", "password": PASSWORD})
    return client


def status(client: Client, **headers: str) -> int:
    return client.get(DAY, headers=headers).status_code


def test_a_session_ends_after_thirty_minutes_without_activity(doctor: Client, clock: time_machine.Traveller) -> None:
    clock.shift(30 * MINUTE - dt.timedelta(seconds=1))
    assert status(doctor) == 200
    clock.shift(30 * MINUTE)
    assert doctor.get(DAY).headers["Location"] == SIGN_IN
    assert Session.objects.count() == 0


def test_activity_keeps_it_for_twelve_hours_and_no_longer(doctor: Client, clock: time_machine.Traveller) -> None:
    for _ in range(35):
        clock.shift(20 * MINUTE)
        assert status(doctor) == 200
    clock.shift(20 * MINUTE)
    assert doctor.get(DAY).headers["Location"] == SIGN_IN


def test_a_poll_is_no_activity_and_is_told_to_turn_the_page(doctor: Client, clock: time_machine.Traveller) -> None:
    for _ in range(2):
        clock.shift(14 * MINUTE)
        assert status(doctor, **POLL) == 200
    clock.shift(2 * MINUTE)
    answer = doctor.get(DAY, headers=POLL)
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (401, "/staff/login/", b"")
    assert "no-store" in answer.headers["Cache-Control"]


def test_activity_is_written_once_a_minute_at_most(doctor: Client, clock: time_machine.Traveller) -> None:
    assert status(doctor) == 200
    started = doctor.session["active_at"]
    clock.shift(dt.timedelta(seconds=59))
    assert status(doctor) == 200
    assert doctor.session["active_at"] == started == NOW.isoformat()
    clock.shift(dt.timedelta(seconds=1))
    assert status(doctor) == 200
    assert doctor.session["active_at"] == (NOW + MINUTE).isoformat()


def test_the_sign_in_page_says_why_and_leads_back(doctor: Client, clock: time_machine.Traveller) -> None:
    clock.shift(31 * MINUTE)
    page = doctor.get("/staff/doctor/patients/?q=pa", follow=True)
    assert "You were signed out after 30 minutes of inactivity." in page.content.decode()
    assert 'name="next" value="/staff/doctor/patients/?q=pa"' in page.content.decode()
    assert "inactivity" not in doctor.get("/staff/login/").content.decode()
    answer = doctor.post(
        "/staff/login/", {"email": "doctor@north.test", "password": PASSWORD, "next": "/staff/doctor/patients/?q=pa"}
    )
    assert answer.headers["Location"] == "/staff/doctor/patients/?q=pa"


def test_after_twelve_hours_it_says_that(doctor: Client, clock: time_machine.Traveller) -> None:
    for _ in range(36):
        clock.shift(20 * MINUTE)
        page = doctor.get(DAY, follow=True)
    assert "You were signed out: a sign-in lasts for 12 hours." in page.content.decode()


def test_a_form_that_was_sent_leads_back_to_its_page(doctor: Client, clock: time_machine.Traveller) -> None:
    form = f"/staff/doctor/patients/{uuid.uuid4()}/prescribe/?repeat=x"
    clock.shift(31 * MINUTE)
    answer = doctor.post(form, {"m0-name": "Ramipril"})
    assert answer.headers["Location"] == f"/staff/login/?next={quote(form, safe='/')}"


@pytest.mark.parametrize(
    ("current", "next_"),
    [
        ("http://testserver/staff/doctor/patients/?q=a%20b", "?next=/staff/doctor/patients/%3Fq%3Da%2520b"),
        ("https://elsewhere.test/staff/", ""),
        ("//elsewhere.test/staff/", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_poll_leads_back_to_the_page_it_is_of(
    current: str, next_: str, doctor: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(31 * MINUTE)
    answer = doctor.get(DAY, headers={**POLL, "HX-Current-URL": current})
    assert answer.headers["HX-Redirect"] == f"/staff/login/{next_}"
    assert "30 minutes of inactivity" in doctor.get(answer.headers["HX-Redirect"]).content.decode()
    stranger = Client().get(DAY, headers={**POLL, "HX-Current-URL": current})
    assert stranger.headers["HX-Redirect"] == f"/staff/login/{next_}"


def test_who_is_signed_in_goes_on_to_where_they_were_going(doctor: Client) -> None:
    assert doctor.get("/staff/login/?next=/staff/doctor/week/").headers["Location"] == "/staff/doctor/week/"
    for wrong in ("//elsewhere.test/", "/admin/", "/staff/pharmacy/", ""):
        assert doctor.get("/staff/login/", {"next": wrong}).headers["Location"] == "/staff/"


def test_the_page_asks_how_long_the_session_lasts(doctor: Client, clock: time_machine.Traveller) -> None:
    clock.shift(29 * MINUTE)
    asked = doctor.get("/staff/session/", headers={"X-Poll": "1"})
    assert (asked.json(), "no-store" in asked.headers["Cache-Control"]) == ({"seconds": 60, "is_final": False}, True)
    assert doctor.post("/staff/session/").json() == {"seconds": 1800, "is_final": False}
    clock.shift(dt.timedelta(seconds=30))
    # Within the minute in which activity is not noted.
    assert doctor.post("/staff/session/").json()["seconds"] == 1800


@pytest.mark.parametrize(("method", "mark"), [("get", "X-Poll"), ("post", "HX-Request")])
def test_a_page_whose_session_has_ended_is_led_to_sign_in(
    method: str, mark: str, doctor: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(30 * MINUTE)
    headers = {mark: "true", "HX-Current-URL": f"http://testserver{DAY}"}
    ended = getattr(doctor, method)("/staff/session/", headers=headers)
    assert (ended.status_code, ended.headers["HX-Redirect"]) == (401, SIGN_IN)


def test_the_last_minutes_cannot_be_prolonged(doctor: Client, clock: time_machine.Traveller) -> None:
    for _ in range(35):
        clock.shift(20 * MINUTE)
        doctor.get(DAY)
    clock.shift(19 * MINUTE)
    assert doctor.post("/staff/session/").json() == {"seconds": 60, "is_final": True}


@pytest.mark.parametrize("path", [DAY, "/staff/profile/"])
def test_pages_carry_what_warns_before_the_end(path: str, doctor: Client, north: HospitalCast) -> None:
    page = doctor.get(path).content.decode()
    assert f'data-person="{north.doctor.pk}" data-lasts-seconds="1800" data-warned-seconds="120"' in page
    assert 'id="session-end"' not in Client().get("/staff/login/").content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/admin/hospitals/doctor/", "/admin/hospitals/doctor/add/"])
def test_so_do_those_of_the_portal(path: str, north: HospitalCast) -> None:
    admin = Client()
    admin.force_login(north.admin)
    page = admin.get(path).content.decode()
    assert page.count('id="session-end"') == 1
    assert page.count("staff/session.js") == page.count("staff/drafts.js") == 1


def test_a_form_older_than_the_sign_in_says_so_and_leads_back(north: HospitalCast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(north.doctor.user)
    answer = client.post("/staff/profile/", {"full_name": "Dora"})
    page = answer.content.decode()
    assert (answer.status_code, "this page was opened before you signed in" in page) == (403, True)
    assert 'href="/staff/profile/"' in page


@pytest.mark.parametrize("value", [None, "yesterday", 7])
def test_a_session_without_its_times_counts_as_ended(value: object, doctor: Client) -> None:
    session = doctor.session
    session["started_at"] = value
    session.save()
    assert doctor.get(DAY).headers["Location"] == SIGN_IN


def test_signing_in_makes_a_new_key(north: HospitalCast, client: Client) -> None:
    before = client.session.session_key
    assert before
    client.post("/staff/login/", {"email": "doctor@north.test", "password": PASSWORD})
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_password_set_elsewhere_ends_all_sessions(doctor: Client, north: HospitalCast) -> None:
    user = User.objects.get(pk=north.doctor.pk)
    user.set_password("another-long-password")
    user.save()
    assert doctor.get(DAY).headers["Location"] == SIGN_IN


def test_cookies_are_hidden_from_scripts_and_from_other_sites(doctor: Client) -> None:
    doctor.get("/staff/password/")
    flags = {
        name: (bool(cookie["httponly"]), cookie["samesite"], cookie["path"]) for name, cookie in doctor.cookies.items()
    }
    assert flags == {name: (True, "Lax", "/") for name in ("sessionid", "csrftoken", "wardbook_device")}
