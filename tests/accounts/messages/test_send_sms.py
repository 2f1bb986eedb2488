from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.codes.issue import binding_of, request_code, unmask
from accounts.messages.local_senders import ConsoleSms, MemorySms
from accounts.messages.send_sms import (
    _claim,
    fits_one_segment,
    phone_changed_text,
    phone_code_text,
    retry_delay,
    send_sms,
    sign_in_code_text,
)
from accounts.models import OneTimeCode, SmsMessage
from accounts.ports import SentSms, SmsBusy, SmsLine, SmsRefused, SmsUnknownOutcome

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
NUMBER = "436601234567"


@pytest.fixture(autouse=True)
def _no_messages() -> None:
    MemorySms.sent.clear()


class Scripted:
    """A sender that fails as told."""

    failure: Exception = SmsBusy()

    def send(self, *, to: str, text: str, valid_for_seconds: int, reference: uuid.UUID, line: SmsLine) -> SentSms:
        raise self.failure


def use(settings: Settings, failure: Exception) -> None:
    Scripted.failure = failure
    settings.SMS_BACKEND = f"{__name__}.Scripted"


def state() -> dict[str, Any]:
    return dict(SmsMessage.objects.values("status", "error_code", "tries", "next_try_at").get())


@pytest.mark.django_db
def test_a_code_is_sent_once_with_its_text(settings: Settings) -> None:
    request_code(number=NUMBER, at=NOW)
    later = NOW + dt.timedelta(seconds=10)
    assert (send_sms(at=later), send_sms(at=later)) == (1, 0)
    row = OneTimeCode.objects.get()
    code = unmask(row.otp, binding_of(row), keys=settings.OTP_KEYS)
    (sent,) = MemorySms.sent
    assert (sent.to, sent.valid_for_seconds) == (NUMBER, 290)
    assert sent.text == f"Your Wardbook sign-in code is {code}. It is valid for 5 minutes. Never share it."
    message = SmsMessage.objects.get()
    assert (message.status, message.tries, message.status_at) == ("sent", 1, later)
    assert (message.provider_id or "").startswith("memory-")


def test_the_text_is_one_segment() -> None:
    for text in (sign_in_code_text(9999, minutes=5), phone_code_text(9999, minutes=5), phone_changed_text()):
        assert fits_one_segment(text)
    assert not fits_one_segment("x" * 161)
    assert not fits_one_segment("„quoted“")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (SmsRefused("21610"), {"status": "failed", "error_code": "21610", "next_try_at": None}),
        (SmsUnknownOutcome(), {"status": "unknown", "error_code": None, "next_try_at": None}),
        (RuntimeError(NUMBER), {"status": "unknown", "error_code": "sender_failed", "next_try_at": None}),
        (SmsBusy(), {"status": "queued", "error_code": None, "next_try_at": NOW + dt.timedelta(seconds=5)}),
    ],
)
def test_what_the_sender_says_is_recorded(settings: Settings, failure: Exception, expected: dict[str, Any]) -> None:
    request_code(number=NUMBER, at=NOW)
    use(settings, failure)
    with capture_logs() as logs:
        assert send_sms(at=NOW) == 1
    assert state() == {**expected, "tries": 1}
    assert NUMBER not in str(logs)
    assert send_sms(at=NOW + dt.timedelta(seconds=4)) == 0


@pytest.mark.django_db
def test_a_busy_sender_is_tried_again_later(settings: Settings) -> None:
    request_code(number=NUMBER, at=NOW)
    use(settings, SmsBusy())
    send_sms(at=NOW)
    settings.SMS_BACKEND = "accounts.messages.local_senders.MemorySms"
    assert send_sms(at=NOW + dt.timedelta(seconds=5)) == 1
    assert (len(MemorySms.sent), state()["status"], state()["tries"]) == (1, "sent", 2)


@pytest.mark.django_db
def test_codes_go_before_notices_and_notices_before_reminders() -> None:
    kinds = SmsMessage.Kind
    for minutes, kind in enumerate((kinds.REMINDER, kinds.VISIT_CANCELLED, kinds.SIGN_IN_CODE, kinds.PHONE_CHANGED)):
        at = NOW + dt.timedelta(minutes=minutes)
        SmsMessage.objects.create(kind=kind, number=NUMBER, created_at=at, status_at=at)
    sent = []
    while (message := _claim(NOW + dt.timedelta(hours=1))) is not None:
        sent.append(message.kind)
    assert sent == [kinds.SIGN_IN_CODE, kinds.PHONE_CHANGED, kinds.VISIT_CANCELLED, kinds.REMINDER]


def test_retries_slow_down_to_a_limit() -> None:
    assert [int(retry_delay(tries).total_seconds()) for tries in (1, 2, 3, 4, 5, 6, 60)] == [
        5,
        10,
        20,
        40,
        80,
        120,
        120,
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["expired", "closed"])
def test_a_dead_code_is_not_sent(reason: str) -> None:
    request_code(number=NUMBER, at=NOW)
    if reason == "closed":
        OneTimeCode.objects.update(closed_at=NOW)
    assert send_sms(at=NOW + dt.timedelta(minutes=5 if reason == "expired" else 0)) == 1
    assert MemorySms.sent == []
    assert (state()["status"], state()["error_code"]) == ("failed", "too_late")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("late", "status"), [(dt.timedelta(hours=4) - dt.timedelta(seconds=1), "sent"), (dt.timedelta(hours=4), "failed")]
)
def test_a_notice_is_sent_for_four_hours(late: dt.timedelta, status: str) -> None:
    kind = SmsMessage.Kind.PHONE_CHANGED
    SmsMessage.objects.create(kind=kind, number=NUMBER, created_at=NOW, status_at=NOW)
    assert send_sms(at=NOW + late) == 1
    assert state()["status"] == status
    assert [(sent.text, sent.valid_for_seconds) for sent in MemorySms.sent] == [(phone_changed_text(), 1)] * (
        status == "sent"
    )


@pytest.mark.django_db
def test_a_message_whose_worker_died_is_never_sent_again() -> None:
    request_code(number=NUMBER, at=NOW)
    SmsMessage.objects.update(status=SmsMessage.Status.SENDING, status_at=NOW)
    assert send_sms(at=NOW + dt.timedelta(minutes=3)) == 0
    assert state()["status"] == "sending"
    assert send_sms(at=NOW + dt.timedelta(minutes=3, seconds=1)) == 0
    assert (state()["status"], MemorySms.sent) == ("unknown", [])


def test_the_console_sender_also_writes_a_file(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    for text in ("Hello", "Again"):
        ConsoleSms().send(to=NUMBER, text=text, valid_for_seconds=300, reference=uuid.uuid4(), line=SmsLine.ACCOUNT)
    lines = [json.loads(line) for line in (tmp_path / "var" / "sms.jsonl").read_text().splitlines()]
    assert [(line["to"], line["text"]) for line in lines] == [(NUMBER, "Hello"), (NUMBER, "Again")]
    assert dt.datetime.fromisoformat(lines[0]["at"]).tzinfo is not None
    assert capsys.readouterr().out == f"SMS to +{NUMBER}: Hello\nSMS to +{NUMBER}: Again\n"
