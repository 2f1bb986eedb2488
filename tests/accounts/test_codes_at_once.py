"""Many tries at once, with real commits: what is counted is counted once, and before it is compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection

from accounts.actions.code_rows import binding_of
from accounts.actions.request_code import request_code
from accounts.actions.send_sms import send_queued_sms
from accounts.actions.verify_code import InvalidCode, sign_in_with_code
from accounts.models import DeviceToken, OneTimeCode, SmsMessage
from accounts.one_time_codes import unmask
from accounts.refusals import TooOften
from accounts.sms import MemorySms

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


def test_many_wrong_codes_count_exactly_three() -> None:
    row, code = a_code()
    wrong = "1000" if code != "1000" else "1001"
    assert at_once(lambda: sign_in(row, wrong), 60) == ["invalid_code"] * 60
    row.refresh_from_db()
    assert (row.tries, row.closed_at) == (3, NOW)
    assert sign_in(row, code) == "invalid_code"
    assert not DeviceToken.objects.exists()


def test_a_right_code_given_many_times_at_once_signs_in_once() -> None:
    row, code = a_code()
    assert at_once(lambda: sign_in(row, code), 20) == ["invalid_code"] * 19 + ["signed in"]
    assert DeviceToken.objects.count() == 1


def test_many_requests_for_one_number_send_one_message() -> None:
    def ask() -> str:
        try:
            request_code(number=NUMBER, at=NOW)
        except TooOften as refusal:
            return f"wait {refusal.retry_after_seconds}"
        return "sent"

    assert at_once(ask, 60) == ["sent"] + ["wait 60"] * 59
    assert (SmsMessage.objects.count(), OneTimeCode.objects.count()) == (1, 1)


def test_many_workers_send_a_message_once() -> None:
    MemorySms.sent.clear()
    a_code()
    assert at_once(lambda: str(send_queued_sms(at=NOW)), 12) == ["0"] * 11 + ["1"]
    assert len(MemorySms.sent) == 1
