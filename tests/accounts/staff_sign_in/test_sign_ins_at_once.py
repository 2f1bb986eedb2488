"""Many tries at once, with real commits: exactly five are counted, and one closes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import AccessEvent, GuessCounter, StaffMail
from accounts.staff_sign_in.password import try_password
from accounts.staff_sign_in.passwords import LinkNotValid, password_link, set_password_by_link
from accounts.staff_sign_in.second_factor import add_second_factor, check_second_factor
from tests.accounts.staff_sign_in.authenticator import KEY, code_at
from tests.cast import PASSWORD, HospitalCast

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
THREADS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call: Callable[[], object], times: int) -> list[object]:
    def run(_: int) -> object:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(times)))


def recorded(action: str) -> int:
    return AccessEvent.objects.filter(action=action).count()


def test_twenty_wrong_passwords_lock_exactly_once(north: HospitalCast) -> None:
    def guess() -> bool:
        return try_password(email="doctor@north.test", password="wrong", device_secret=None, at=NOW) is None

    assert at_once(guess, 20) == [True] * 20
    user = north.doctor.user
    user.refresh_from_db()
    assert (user.login_attempts, user.lockout_until) == (5, NOW + dt.timedelta(minutes=15))
    # The 15 refused ones add nothing to the log.
    assert (recorded("sign_in_failed"), recorded("locked_out")) == (5, 1)


def test_twenty_tries_for_an_unknown_email_count_five(north: HospitalCast) -> None:
    def guess() -> bool:
        return try_password(email="nobody@north.test", password="wrong", device_secret=None, at=NOW) is None

    assert at_once(guess, 20) == [True] * 20
    assert GuessCounter.objects.get().hits == [NOW] * 5
    assert recorded("locked_out") == 1


def test_a_code_given_twice_at_once_is_taken_once(north: HospitalCast) -> None:
    import time_machine

    user = north.doctor.user
    with time_machine.travel(NOW, tick=False):
        add_second_factor(by=user, key=KEY, code=code_at(NOW), at=NOW)
    later = NOW + dt.timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        taken = at_once(lambda: check_second_factor(user=user, code=code_at(later), at=later), 4)
    assert sorted(taken, key=str) == [False, False, False, True]


def test_a_link_used_twice_at_once_sets_one_password(north: HospitalCast) -> None:
    token = password_link(north.doctor.user, StaffMail.Kind.RESET).partition("#")[2]

    def use() -> str:
        try:
            set_password_by_link(token=token, password=f"{PASSWORD}-new", at=NOW)
        except LinkNotValid as refusal:
            return refusal.code
        return "set"

    assert sorted(map(str, at_once(use, 4))) == ["link_not_valid"] * 3 + ["set"]
