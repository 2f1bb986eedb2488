"""SMS through Twilio: what is sent, what each answer means, and that nothing personal is logged or raised."""

from __future__ import annotations

import uuid
from base64 import b64encode
from urllib.parse import parse_qs

import pytest
import responses
import structlog
from pytest_django import Settings
from requests.exceptions import ConnectionError as TransportError
from requests.exceptions import ConnectTimeout, ReadTimeout
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from accounts.ports import SmsBusy, SmsLine, SmsRefused, SmsUnknownOutcome
from integrations.twilio.sms import TwilioSms

SID = "AC" + "0" * 32
URL = f"https://sms.test/2010-04-01/Accounts/{SID}/Messages.json"
NUMBER = "436601234567"
TEXT = "Your code is 1234"
REFERENCE = uuid.UUID(int=7)


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_API_URL = "https://sms.test"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, ["token", "old-token"]
    settings.TWILIO_FROM_NUMBER = "+15005550006"


def send(line: SmsLine = SmsLine.ACCOUNT) -> str | None:
    sent = TwilioSms().send(to=NUMBER, text=TEXT, valid_for_seconds=300, reference=REFERENCE, line=line)
    return sent.provider_id


@responses.activate
def test_a_message_is_sent_with_its_life_and_one_sender(settings: Settings) -> None:
    responses.post(URL, json={"sid": "SM1", "status": "queued"}, status=201)
    assert send() == "SM1"
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    send()
    first, second = (parse_qs(str(call.request.body)) for call in responses.calls)
    assert first == {
        "To": [f"+{NUMBER}"],
        "Body": [TEXT],
        "ValidityPeriod": ["300"],
        "From": ["+15005550006"],
        "StatusCallback": [f"http://testserver/webhooks/twilio/status/?message={REFERENCE}"],
    }
    assert responses.calls[0].request.headers["Authorization"] == f"Basic {b64encode(f'{SID}:token'.encode()).decode()}"
    assert second["MessagingServiceSid"] == ["MG" + "0" * 32]
    assert "From" not in second


@responses.activate
def test_notices_may_have_a_sender_of_their_own(settings: Settings) -> None:
    responses.post(URL, json={"sid": "SM1", "status": "queued"}, status=201)
    send(SmsLine.NOTICES)
    settings.SMS_NOTICES_APART, settings.TWILIO_NOTICE_FROM_NUMBER = True, "+15005550009"
    send(SmsLine.NOTICES)
    send(SmsLine.ACCOUNT)
    senders = [parse_qs(str(call.request.body))["From"] for call in responses.calls]
    assert senders == [[settings.TWILIO_FROM_NUMBER], ["+15005550009"], [settings.TWILIO_FROM_NUMBER]]


@responses.activate
def test_reminders_have_a_sender_of_their_own_or_none(settings: Settings) -> None:
    responses.post(URL, json={"sid": "SM1", "status": "queued"}, status=201)
    with pytest.raises(SmsRefused) as refused:
        send(SmsLine.REMINDERS)
    assert (refused.value.code, len(responses.calls)) == ("no_sender", 0)
    settings.TWILIO_REMINDER_FROM_NUMBER = "+15005550007"
    send(SmsLine.REMINDERS)
    settings.TWILIO_REMINDER_MESSAGING_SERVICE_SID = "MG" + "1" * 32
    send(SmsLine.REMINDERS)
    first, second = (parse_qs(str(call.request.body)) for call in responses.calls)
    assert first["From"] == ["+15005550007"]
    assert (second["MessagingServiceSid"], "From" in second) == (["MG" + "1" * 32], False)


@responses.activate
@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21610, SmsRefused),
        (400, 21211, SmsRefused),
        (401, 20003, SmsRefused),
        (429, 20429, SmsBusy),
        (500, 20500, SmsUnknownOutcome),
        (503, 0, SmsUnknownOutcome),
    ],
)
def test_what_each_refusal_means(status: int, code: int, meaning: type[Exception]) -> None:
    body = {"code": code, "message": f"The number +{NUMBER} ..", "more_info": "", "status": status}
    responses.post(URL, json=body, status=status)
    with structlog.testing.capture_logs() as logs, pytest.raises(meaning) as raised:
        send()
    if isinstance(raised.value, SmsRefused):
        assert raised.value.code == ("stopped" if code == 21610 else str(code))
    assert NUMBER not in f"{raised.value!r} {raised.value.__cause__!r} {logs}"
    assert "1234" not in str(logs)
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("failure", [ReadTimeout("slow"), TransportError("gone")])
def test_a_lost_answer_is_an_unknown_outcome(failure: Exception) -> None:
    responses.post(URL, body=failure)
    with pytest.raises(SmsUnknownOutcome):
        send()
    assert len(responses.calls) == 1


def never_sent(reason: type[Exception]) -> TransportError:
    return TransportError(MaxRetryError(HTTPSConnectionPool("sms.test"), "/", reason(None, "refused")))


@responses.activate
@pytest.mark.parametrize("failure", [never_sent(NewConnectionError), never_sent(ConnectTimeoutError), ConnectTimeout()])
def test_what_was_never_sent_may_be_sent_later(failure: Exception) -> None:
    responses.post(URL, body=failure)
    with pytest.raises(SmsBusy):
        send()


def test_a_refused_connection_is_one_that_was_never_sent(settings: Settings) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    with pytest.raises(SmsBusy):
        send()
