"""What we send to Twilio and what it sends us, against the vendor's own description, vector and samples.

They are not in the repository; where they are absent, these tests are skipped and say so.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import responses
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from jsonschema import Draft202012Validator
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from accounts.models import SmsMessage
from accounts.ports import SmsLine
from integrations.twilio.sms import TwilioSms, is_from_twilio

REFERENCE = Path(django_settings.BASE_DIR).parent / "shared" / "contracts" / "twilio"
SID, MESSAGE = "AC" + "0" * 32, "SM" + "1" * 32
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
REFERENCE_ID = uuid.UUID(int=7)

pytestmark = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the vendor's description of its API is not beside this checkout"
)


def load(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text())


@pytest.fixture(scope="module")
def description() -> Any:
    return load("messages-openapi.json")


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, ["token"]
    settings.TWILIO_FROM_NUMBER = "+15005550006"
    settings.PUBLIC_BASE_URL = "https://wardbook.example.org"


def sent_form(answer: Any, status: int = 201) -> tuple[dict[str, Any], str | None]:
    """What the client puts on the wire, and the id it reads from the answer."""
    with responses.RequestsMock() as wire:
        wire.post(f"https://api.twilio.com{MESSAGES.replace('{AccountSid}', SID)}", json=answer, status=status)
        facts: dict[str, Any] = {"valid_for_seconds": 300, "reference": REFERENCE_ID, "line": SmsLine.ACCOUNT}
        sent = TwilioSms().send(to="436601234567", text="Hello", **facts)
        request = wire.calls[0].request
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return {key: values[0] for key, values in parse_qs(str(request.body)).items()}, sent.provider_id


@pytest.mark.parametrize("by_service", [False, True])
def test_a_request_is_as_described(description: Any, settings: Settings, by_service: bool) -> None:
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "0" * 32 if by_service else ""
    operation = description["paths"][MESSAGES]["post"]
    (content_type,) = operation["requestBody"]["content"]
    schema = operation["requestBody"]["content"][content_type]["schema"]
    answer = operation["responses"]["201"]["content"]["application/json"]["examples"]["create"]["value"]
    form, sid = sent_form(answer)
    assert content_type == "application/x-www-form-urlencoded"
    assert sid == answer["sid"]
    assert set(form) <= set(schema["properties"])
    assert set(schema.get("required", [])) <= set(form)
    typed = form | {"ValidityPeriod": int(form["ValidityPeriod"])}
    Draft202012Validator({**schema, "components": description["components"]}).validate(typed)
    assert ("MessagingServiceSid" in form, "From" in form) == (by_service, not by_service)


def test_an_answer_as_described_is_understood(description: Any) -> None:
    examples = description["paths"][MESSAGES]["post"]["responses"]["201"]["content"]["application/json"]["examples"]
    read = [sent_form(example["value"])[1] for example in examples.values()]
    assert read == [example["value"]["sid"] for example in examples.values()]


def test_the_vectors_signature_is_accepted(settings: Settings) -> None:
    vector = load("signature-vector.json")
    base, _, path = vector["url"].partition("/myapp")
    settings.PUBLIC_BASE_URL, settings.TWILIO_AUTH_TOKEN = base, [vector["auth_token"]]
    request = RequestFactory().post(
        f"/myapp{path}",
        urlencode(vector["params"]),
        "application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": vector["signature"], "Host": "10.0.0.5:8000"},
    )
    assert is_from_twilio(request)
    settings.TWILIO_AUTH_TOKEN = ["another"]
    assert not is_from_twilio(request)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "expected"),
    [("sent", ("sent", None)), ("delivered", ("delivered", None)), ("undelivered", ("failed", "30003"))],
)
def test_each_sample_report_is_taken_in(name: str, expected: tuple[str, str | None]) -> None:
    sample = load("status-callback-samples.json")[name]
    SmsMessage.objects.create(kind="sign_in_code", number="1", status="sending", provider_id=sample["MessageSid"])
    path = "/webhooks/twilio/status/"
    signature = RequestValidator("token").compute_signature(f"https://wardbook.example.org{path}", sample)
    answer = Client().post(
        path, urlencode(sample), "application/x-www-form-urlencoded", headers={"X-Twilio-Signature": signature}
    )
    assert answer.status_code == 204
    assert SmsMessage.objects.values_list("status", "error_code").get() == expected


def test_no_sample_is_left_out() -> None:
    assert set(load("status-callback-samples.json")) - {"_note"} == {"sent", "delivered", "undelivered"}
