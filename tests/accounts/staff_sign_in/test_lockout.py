from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from accounts.guessing.counters import Lockout, Tally
from accounts.models import AccessEvent, GuessCounter, LoginDevice, StaffMail, User
from accounts.staff_sign_in.password import prove_own_password, try_password
from accounts.staff_sign_in.tries import is_locked_out, purge_sign_in_traces, release_lockout, unknown_subject
from tests.cast import PASSWORD, HospitalCast

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
DOCTOR = "doctor@north.test"
MINUTE = dt.timedelta(minutes=1)


def attempt(password: str, *, email: str = DOCTOR, device: str | None = None, at: dt.datetime = NOW) -> User | None:
    return try_password(email=email, password=password, device_secret=device, at=at)


def fail(times: int, *, email: str = DOCTOR, device: str | None = None, at: dt.datetime = NOW) -> None:
    for _ in range(times):
        assert attempt("wrong", email=email, device=device, at=at) is None


def counted(user: User) -> tuple[int | None, dt.datetime | None]:
    user.refresh_from_db()
    return user.login_attempts, user.lockout_until


def actions() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("tally", "failures", "locked_until"),
    [
        (Tally(), 1, None),
        (Tally(3), 4, None),
        (Tally(4), 5, NOW + 15 * MINUTE),
        (Tally(9), 10, NOW + 15 * MINUTE),
        (Tally(5, NOW), 1, None),
    ],
)
def test_the_rule(tally: Tally, failures: int, locked_until: dt.datetime | None) -> None:
    assert not tally.is_locked(NOW)
    assert tally.counting(NOW, Lockout(5, 15 * MINUTE)) == Tally(failures, locked_until)
    assert Tally(5, NOW + MINUTE).is_locked(NOW)


def test_five_failures_close_an_account_for_fifteen_minutes(north: HospitalCast) -> None:
    user = north.doctor.user
    fail(4)
    assert counted(user) == (4, None)
    fail(1)
    assert counted(user) == (5, NOW + 15 * MINUTE)
    assert actions() == ["sign_in_failed"] * 5 + ["locked_out"]
    assert attempt(PASSWORD) is None
    assert attempt(PASSWORD, at=NOW + 15 * MINUTE - dt.timedelta(seconds=1)) is None
    assert counted(user) == (5, NOW + 15 * MINUTE)
    assert attempt(PASSWORD, at=NOW + 15 * MINUTE) == user
    assert counted(user) == (0, None)


def test_after_the_lockout_counting_starts_anew(north: HospitalCast) -> None:
    fail(5)
    fail(1, at=NOW + 15 * MINUTE)
    assert counted(north.doctor.user) == (1, None)


def test_a_success_resets_the_count(north: HospitalCast) -> None:
    fail(4)
    assert attempt(PASSWORD) == north.doctor.user
    fail(4)
    assert counted(north.doctor.user) == (4, None)
    assert attempt(PASSWORD) == north.doctor.user


def test_the_fifth_try_may_be_right(north: HospitalCast) -> None:
    fail(4)
    assert attempt(PASSWORD) == north.doctor.user
    assert "locked_out" not in actions()


def test_an_unknown_email_is_counted_without_its_words_and_closed_alike(north: HospitalCast) -> None:
    fail(7, email="Nobody@north.test")
    counter = GuessCounter.objects.get()
    assert (counter.kind, counter.subject, len(counter.hits)) == (
        "staff_email",
        unknown_subject("nobody@NORTH.test"),
        5,
    )
    assert re.fullmatch("[0-9]{1,2}", counter.subject)
    # Closed, it adds no more to a log that is kept for years.
    assert actions() == ["sign_in_failed"] * 5 + ["locked_out"]
    fail(1, email="nobody@north.test", at=NOW + 15 * MINUTE)
    counter.refresh_from_db()
    assert counter.hits == [NOW + 15 * MINUTE]


def test_who_is_deactivated_while_the_password_is_checked_is_not_signed_in(
    north: HospitalCast, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.staff_sign_in.hashers.MeanwhileDeactivated"]
    assert attempt(PASSWORD) is None
    assert counted(north.doctor.user) == (1, None)


# Known devices


def sign_in(client: Client, password: str = PASSWORD, email: str = DOCTOR) -> int:
    return client.post("/staff/login/", {"email": email, "password": password}).status_code


@pytest.fixture
def known(north: HospitalCast) -> Client:
    """A browser that the doctor has signed in from, and out again."""
    client = Client()
    assert sign_in(client) == 302
    client.post("/staff/logout/")
    return client


def test_a_sign_in_makes_the_browser_known_for_that_person_only(known: Client, north: HospitalCast) -> None:
    cookie = known.cookies[settings.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        True,
        "Lax",
        "/",
        180 * 24 * 3600,
    )
    device = LoginDevice.objects.get()
    assert device.user_id == north.doctor.pk
    assert device.secret_hash not in cookie.value
    assert sign_in(known, email="pharmacist@north.test") == 302
    assert LoginDevice.objects.filter(secret_hash=device.secret_hash).count() == 2
    known.post("/staff/logout/")
    assert sign_in(known) == 302
    assert LoginDevice.objects.count() == 2


def test_a_stranger_cannot_lock_a_doctor_out_of_a_known_browser(known: Client, north: HospitalCast) -> None:
    stranger = Client()
    for _ in range(6):
        assert sign_in(stranger, "wrong") == 422
    assert sign_in(Client()) == 422
    assert sign_in(known) == 302
    assert counted(north.doctor.user)[0] == 5


def test_a_known_browser_has_a_count_of_its_own(known: Client, north: HospitalCast) -> None:
    for _ in range(5):
        assert sign_in(known, "wrong") == 422
    assert sign_in(known) == 422
    assert counted(north.doctor.user) == (0, None)
    assert sign_in(Client()) == 302
    device = LoginDevice.objects.order_by("created_at").first()
    assert device is not None
    counter = GuessCounter.objects.get()
    assert (counter.kind, counter.subject, len(counter.hits)) == ("staff_device", str(device.pk), 5)


@pytest.mark.parametrize("cookie", ["", "forged", "secret:1abcde:xyz"])
def test_a_forged_cookie_makes_nothing_known(cookie: str, known: Client, north: HospitalCast) -> None:
    client = Client()
    client.cookies[settings.DEVICE_COOKIE_NAME] = cookie
    assert sign_in(client, "wrong") == 422
    assert counted(north.doctor.user) == (1, None)


def test_a_device_is_forgotten_after_180_days(known: Client, north: HospitalCast) -> None:
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=181), tick=False):
        assert sign_in(known, "wrong") == 422
    assert counted(north.doctor.user) == (1, None)


# Release, and one's own password


def test_a_release_opens_everything_and_is_on_record(known: Client, north: HospitalCast) -> None:
    user = north.doctor.user
    now = dt.datetime.now(dt.UTC)
    for client in (known, Client()):
        for _ in range(5):
            sign_in(client, "wrong")
    user.refresh_from_db()
    assert is_locked_out(user, at=now)
    release_lockout(user=user, by=north.admin, at=now)
    user.refresh_from_db()
    assert not is_locked_out(user, at=now)
    assert (user.login_attempts, user.lockout_until, GuessCounter.objects.count()) == (0, None, 0)
    event = AccessEvent.objects.latest("pk")
    assert (event.action, event.actor_id, event.object_id) == ("released_lockout", north.admin.pk, str(user.pk))
    assert sign_in(known) == sign_in(Client()) == 302


def test_ones_own_password_is_limited_too(north: HospitalCast) -> None:
    user = north.doctor.user
    assert prove_own_password(user=user, password=PASSWORD, at=NOW)
    for _ in range(5):
        assert not prove_own_password(user=user, password="wrong", at=NOW)
    assert not prove_own_password(user=user, password=PASSWORD, at=NOW)
    assert is_locked_out(user, at=NOW)
    assert prove_own_password(user=user, password=PASSWORD, at=NOW + 15 * MINUTE)
    assert attempt(PASSWORD) == user


def test_what_no_window_counts_any_more_is_purged(known: Client, north: HospitalCast) -> None:
    now = dt.datetime.now(dt.UTC)
    fail(1, email="nobody@north.test", at=now - dt.timedelta(hours=24))
    fail(1, email="nobody-else@north.test", at=now)
    StaffMail.objects.create(kind="reset", user=None, created_at=now - dt.timedelta(days=30))
    Session.objects.update(expire_date=now)
    purge_sign_in_traces(at=now)
    assert [counter.subject for counter in GuessCounter.objects.all()] == [unknown_subject("nobody-else@north.test")]
    assert (StaffMail.objects.count(), Session.objects.count()) == (0, 0)
