from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken

from accounts.models import AccessEvent, GuessCounter, User
from accounts.staff_sign_in.second_factor import check_second_factor
from accounts.staff_sign_in.tries import is_locked_out, release_lockout
from tests.accounts.staff_sign_in.authenticator import code_at
from tests.accounts.staff_sign_in.second_step import (
    CODE_PAGE,
    LOGIN,
    STEP,
    code_step,
    is_signed_in,
    now,
    password_step,
)


def wrong_code() -> str:
    right = {code_at(now() + STEP * n) for n in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def test_the_password_alone_opens_nothing(protected: tuple[User, list[str]], client: Client) -> None:
    assert password_step(client) == CODE_PAGE
    assert not is_signed_in(client)
    assert client.get("/staff/doctor/").headers["Location"] == "/staff/login/?next=/staff/doctor/"
    assert not AccessEvent.objects.filter(action="signed_in").exists()


def test_password_and_code_sign_in_where_one_was_going(protected: tuple[User, list[str]], client: Client) -> None:
    password_step(client, next_="/staff/password/")
    key = client.session.session_key
    assert code_step(client, code_at(now())) == (302, "/staff/password/")
    assert client.session.session_key != key
    assert client.get("/staff/doctor/").status_code == 200
    assert "wardbook_device" in client.cookies
    assert AccessEvent.objects.filter(action="signed_in").count() == 1


@pytest.mark.parametrize(("minutes_off", "status"), [(-1.5, 422), (-0.5, 302), (0.5, 302), (1.5, 422)])
def test_a_clock_may_be_off_by_one_step(
    minutes_off: float, status: int, protected: tuple[User, list[str]], client: Client
) -> None:
    password_step(client)
    assert code_step(client, code_at(now() + dt.timedelta(minutes=minutes_off)))[0] == status


def test_a_code_signs_in_once(protected: tuple[User, list[str]], client: Client) -> None:
    code = code_at(now())
    password_step(client)
    assert code_step(client, f" {code[:3]} {code[3:]} ")[0] == 302
    other = Client()
    password_step(other)
    assert code_step(other, code)[0] == 422
    assert not is_signed_in(other)


def test_a_recovery_code_signs_in_once(protected: tuple[User, list[str]], client: Client) -> None:
    _, codes = protected
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-9]{4}-){5}[a-z2-9]{4}", code) for code in codes)
    assert not set(StaticToken.objects.values_list("token", flat=True)) & set(codes)
    password_step(client)
    assert code_step(client, codes[3].upper().replace("-", " "))[0] == 302
    assert StaticToken.objects.count() == 9
    other = Client()
    password_step(other)
    assert code_step(other, codes[3])[0] == 422


@pytest.mark.parametrize("code", ["", "abc", "12345", "1234567", "-1", "१२३४५६", "\x00", "x" * 41])
def test_odd_codes_are_simply_wrong(code: str, protected: tuple[User, list[str]], client: Client) -> None:
    password_step(client)
    assert code_step(client, code) == (422, "")


def test_five_wrong_codes_close_the_second_step(protected: tuple[User, list[str]]) -> None:
    user, codes = protected
    for _ in range(5):
        assert not check_second_factor(user=user, code=wrong_code(), at=now())
    assert not check_second_factor(user=user, code=code_at(now()), at=now())
    assert not check_second_factor(user=user, code=codes[0], at=now())
    assert is_locked_out(user, at=now())
    assert list(AccessEvent.objects.filter(action="locked_out").values_list("reason", flat=True)) == ["second_factor"]
    release_lockout(user=user, by=None, at=now())
    assert check_second_factor(user=user, code=code_at(now()), at=now())


def test_tries_at_a_closed_second_step_cost_nothing_of_the_day(
    protected: tuple[User, list[str]], clock: time_machine.Traveller
) -> None:
    user, _ = protected
    for _ in range(20):
        assert not check_second_factor(user=user, code=wrong_code(), at=now())
    assert len(GuessCounter.objects.get(kind="second_factor_day").hits) == 5
    clock.shift(dt.timedelta(minutes=16))
    assert check_second_factor(user=user, code=code_at(now()), at=now())


def test_twenty_wrong_codes_a_day_are_the_most_whatever_the_pauses(
    protected: tuple[User, list[str]], clock: time_machine.Traveller
) -> None:
    user, _ = protected
    for _ in range(4):
        for _ in range(4):
            assert not check_second_factor(user=user, code=wrong_code(), at=now())
        clock.shift(STEP * 3)
        assert check_second_factor(user=user, code=code_at(now()), at=now())
    for _ in range(4):
        assert not check_second_factor(user=user, code=wrong_code(), at=now())
    clock.shift(STEP * 3)
    assert len(GuessCounter.objects.get(kind="second_factor_day").hits) == 20
    assert not check_second_factor(user=user, code=code_at(now()), at=now())
    assert is_locked_out(user, at=now())
    clock.shift(dt.timedelta(hours=24))
    assert check_second_factor(user=user, code=code_at(now()), at=now())


def test_the_second_step_waits_five_minutes(
    protected: tuple[User, list[str]], client: Client, clock: time_machine.Traveller
) -> None:
    password_step(client)
    clock.shift(dt.timedelta(minutes=5))
    assert code_step(client, code_at(now())) == (302, LOGIN)
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_what_changes_between_the_steps_ends_the_sign_in(
    change: dict[str, object], protected: tuple[User, list[str]], client: Client
) -> None:
    password_step(client)
    User.objects.filter(pk=protected[0].pk).update(**change)
    assert code_step(client, code_at(now())) == (302, LOGIN)


def test_the_second_step_wants_the_first(client: Client, db: None) -> None:
    assert code_step(client, "123456") == (302, LOGIN)
