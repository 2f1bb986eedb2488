"""SMS through Twilio: what is sent, what each answer means, and that nothing personal is logged or raised."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
import responses
import structlog
from pytest_django import Settings
from requests.exceptions import ConnectionError as TransportError
from requests.exceptions import ReadTimeout

from accounts.ports import SmsBusy, SmsRefused, SmsUnknownOutcome
from integrations.twilio.sms import TwilioSms

SID = "AC" + "0" * 32
URL = f"https://sms.test/2010-04-01/Accounts/{SID}/Messages.json"
NUMBER = "436601234567"
TEXT = "Your code is 1234"


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_API_URL = "https://sms.test"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, "token"
    settings.TWILIO_FROM_NUMBER = "+15005550006"


def send() -> str | None:
    return TwilioSms().send(to=NUMBER, text=TEXT, valid_for_seconds=300).provider_id


@responses.activate
def test_a_message_is_sent_with_its_life_and_one_sender(settings: Settings) -> None:
    responses.post(URL, json={"sid": "SM1", "status": "queued"}, status=201)
    assert send() == "SM1"
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32
    send()
    first, second = (parse_qs(str(call.request.body)) for call in responses.calls)
    assert first == {"To": [f"+{NUMBER}"], "Body": [TEXT], "ValidityPeriod": ["300"], "From": ["+15005550006"]}
    assert second["MessagingServiceSid"] == ["MG" + "0" * 32]
    assert "From" not in second


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
        assert raised.value.code == str(code)
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
