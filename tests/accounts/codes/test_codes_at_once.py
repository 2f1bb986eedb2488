"""Many tries at once, with real commits: what is counted is counted once, and before it is compared."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from accounts.codes.issue import binding_of, request_code, unmask
from accounts.codes.limits import sends_by_scope
from accounts.codes.verify import InvalidCode, sign_in_with_code
from accounts.devices.step_up import step_up
from accounts.messages.local_senders import MemorySms
from accounts.messages.send_sms import send_sms
from accounts.models import AccessEvent, DeviceToken, GuessCounter, OneTimeCode, Patient, SmsMessage
from core.refusals import Refused, TooOften
from tests.cast import make_patient

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
NUMBER = "436601234567"
THREADS = 6

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call: Callable[[], str], times: int) -> list[str]:
    def run(_: int) -> str:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(run, range(times)))


def a_code() -> tuple[OneTimeCode, str]:
    request_code(number=NUMBER, at=NOW)
    row = OneTimeCode.objects.get()
    return row, str(unmask(row.otp, binding_of(row), keys=settings.OTP_KEYS))


def sign_in(row: OneTimeCode, code: str) -> str:
    assert row.challenge_id is not None
    try:
        sign_in_with_code(challenge_id=row.challenge_id, number=NUMBER, code=code, device_name="", at=NOW)
    except InvalidCode as refusal:
        return refusal.code
    return "signed in"


def hits() -> dict[tuple[str, str], int]:
    return {(row.kind, row.subject): len(row.hits) for row in GuessCounter.objects.filter(minute=None)}


def test_many_wrong_codes_count_exactly_three() -> None:
    row, code = a_code()
    wrong = "1000" if code != "1000" else "1001"
    assert at_once(lambda: sign_in(row, wrong), 200) == ["invalid_code"] * 200
    row.refresh_from_db()
    assert (row.tries, row.closed_at) == (3, NOW)
    assert hits() == {
        ("code_failure", NUMBER): 3,
        ("address_failure", "unknown"): 200,
        ("sms_send", NUMBER): 1,
        ("address_send", "unknown"): 1,
    }
    assert sign_in(row, code) == "invalid_code"
    assert not DeviceToken.objects.exists()


def test_a_right_code_given_many_times_at_once_signs_in_once() -> None:
    row, code = a_code()
    assert at_once(lambda: sign_in(row, code), 20) == ["invalid_code"] * 19 + ["signed in"]
    assert DeviceToken.objects.count() == 1
    assert hits()[("code_failure", NUMBER)] == 0


def test_many_requests_for_one_number_send_one_message() -> None:
    def ask() -> str:
        try:
            request_code(number=NUMBER, at=NOW)
        except TooOften as refusal:
            return f"wait {refusal.retry_after_seconds}"
        return "sent"

    assert at_once(ask, 60) == ["sent"] + ["wait 60"] * 59
    assert (SmsMessage.objects.count(), OneTimeCode.objects.count()) == (1, 1)
    assert sends_by_scope(at=NOW) == {"AT": 1, "all": 1}


def test_the_ceiling_holds_for_many_numbers_at_once(settings: Settings) -> None:
    settings.SMS_PER_COUNTRY_AN_HOUR = 7
    numbers = itertools.count(436600000000)

    def ask() -> str:
        try:
            request_code(number=str(next(numbers)), at=NOW)
        except TooOften as refusal:
            return f"wait {refusal.retry_after_seconds}"
        return "sent"

    assert at_once(ask, 40) == ["sent"] * 7 + ["wait 3660"] * 33
    assert (SmsMessage.objects.count(), OneTimeCode.objects.count()) == (7, 7)
    assert sends_by_scope(at=NOW) == {"AT": 7, "all": 7}


def test_asking_and_guessing_across_numbers_at_once_never_deadlock() -> None:
    """Every kind of row is taken by every request, in one order: a deadlock would be raised here."""
    numbers = [f"43660000000{digit}" for digit in range(4)]
    rows = {number: request_code(number=number, at=NOW).id for number in numbers}
    turns = itertools.count()

    def any_call() -> str:
        turn = next(turns)
        number = numbers[turn % 4]
        try:
            if turn % 2:
                request_code(number=number, at=NOW + dt.timedelta(minutes=1 + turn))
            else:
                sign_in_with_code(challenge_id=rows[number], number=number, code="0", device_name="", at=NOW)
        except (TooOften, InvalidCode) as refusal:
            return refusal.code
        return "sent"

    assert set(at_once(any_call, 120)) <= {"sent", "too_many_requests", "invalid_code"}


def test_wrong_birth_dates_at_once_count_exactly_three() -> None:
    patient = make_patient(NUMBER, None)
    Patient.objects.update(date_of_birth=dt.date(1980, 5, 17))
    token, _ = DeviceToken.objects.create(user=patient.user, needs_step_up=True)

    def guess() -> str:
        try:
            step_up(by=patient.user, token=token, birth_date=dt.date(1980, 5, 18), at=NOW)
        except Refused as refusal:
            return refusal.code
        return "lifted"

    assert at_once(guess, 30) == ["step_up_locked"] * 27 + ["wrong_birth_date"] * 3
    assert AccessEvent.objects.filter(action="step_up_locked").count() == 1


def test_many_workers_send_a_message_once() -> None:
    MemorySms.sent.clear()
    a_code()
    assert at_once(lambda: str(send_sms(at=NOW)), 12) == ["0"] * 11 + ["1"]
    assert len(MemorySms.sent) == 1
