from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

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


@pytest.mark.parametrize("value", [None, "yesterday", 7])
def test_a_session_without_its_times_counts_as_ended(value: object, doctor: Client) -> None:
    session = doctor.session
    session["started_at"] = value
    session.save()
    assert doctor.get(DAY).headers["Location"] == SIGN_IN


def test_signing_in_makes_a_new_key(north: HospitalCast, client: Client) -> None:
    client.get("/staff/password/set/?token=x")
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
