from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from accounts.models import SmsMessage

TOKEN, OLD_TOKEN = "a-new-token", "an-old-token"
PATH = "/webhooks/twilio/status/"
NUMBER = "436601234567"
FORM_TYPE = "application/x-www-form-urlencoded"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = [TOKEN, OLD_TOKEN]
    settings.PUBLIC_BASE_URL = "https://wardbook.example.org"


@pytest.fixture
def message() -> SmsMessage:
    return SmsMessage.objects.create(kind="sign_in_code", number=NUMBER, status="sent", provider_id="SM1")


def form(status: str, **more: str) -> dict[str, str]:
    return {"MessageSid": "SM1", "SmsSid": "SM1", "MessageStatus": status, "To": f"+{NUMBER}", **more}


def post(params: dict[str, str], *, path: str = PATH, token: str = TOKEN, signature: str | None = None) -> int:
    url = f"https://wardbook.example.org{path}"
    signed = RequestValidator(token).compute_signature(url, params) if signature is None else signature
    headers = {"X-Twilio-Signature": signed} if signed else {}
    return Client(enforce_csrf_checks=True).post(path, urlencode(params), FORM_TYPE, headers=headers).status_code


def state() -> tuple[str, str | None]:
    row = SmsMessage.objects.get()
    return row.status, row.error_code


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
def test_a_report_is_taken_in(message: SmsMessage, token: str) -> None:
    assert post(form("delivered", NewParameter="ümlaut"), token=token) == 204
    assert state() == ("delivered", None)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (form("undelivered", ErrorCode="30003"), ("failed", "30003")),
        (form("failed", ErrorCode="21610"), ("failed", "stopped")),
        (form("failed", ErrorCode="<script>"), ("failed", None)),
        (form("failed"), ("failed", None)),
        (form("read"), ("delivered", None)),
        (form("sent"), ("sent", None)),
        (form("received"), ("sent", None)),
        (form("unheard-of"), ("sent", None)),
        (form("delivered", MessageSid="SM2"), ("sent", None)),
        (form("delivered", MessageSid=""), ("sent", None)),
        (form("delivered", MessageSid="\x00"), ("sent", None)),
        (form("delivered", MessageSid="x" * 65), ("sent", None)),
        ({}, ("sent", None)),
    ],
)
def test_what_each_report_means(message: SmsMessage, params: dict[str, str], expected: tuple[str, str | None]) -> None:
    assert post(params) == 204
    assert post(params) == 204
    assert state() == expected


def test_late_reports_change_nothing(message: SmsMessage) -> None:
    for status in ("delivered", "sent", "queued", "undelivered"):
        assert post(form(status, ErrorCode="30003")) == 204
    assert state() == ("delivered", None)


def test_a_report_that_overtook_the_answer_names_our_message(message: SmsMessage) -> None:
    SmsMessage.objects.update(provider_id=None, status="sending")
    assert post(form("sent"), path=f"{PATH}?message={message.pk}") == 204
    assert (state(), SmsMessage.objects.get().provider_id) == (("sent", None), "SM1")
    assert post(form("sent"), path=f"{PATH}?message=nonsense") == 204


@pytest.mark.parametrize("signature", ["", "nonsense", "ümlaut"])
def test_what_is_not_twilios_is_refused(message: SmsMessage, signature: str) -> None:
    with capture_logs() as logs:
        assert post(form("delivered"), signature=signature) == 403
    assert state() == ("sent", None)
    assert [(log["event"], log["reason"]) for log in logs] == [("twilio.report_rejected", "bad_signature")]
    assert NUMBER not in str(logs)


def test_a_signature_is_for_one_address_form_and_key(message: SmsMessage, settings: Settings) -> None:
    right = RequestValidator(TOKEN).compute_signature(f"https://wardbook.example.org{PATH}", form("sent"))
    assert post(form("delivered"), signature=right) == 403
    assert post(form("sent"), path=f"{PATH}?message={uuid.uuid4()}", signature=right) == 403
    assert post(form("delivered"), token="another") == 403
    settings.TWILIO_AUTH_TOKEN = []
    assert post(form("delivered"), token="") == 403
    assert state() == ("sent", None)


@pytest.mark.parametrize(
    ("method", "options", "status"),
    [
        ("get", {}, 405),
        ("post", {"data": "x" * (256 * 1024 + 1), "content_type": FORM_TYPE}, 413),
        ("post", {"data": "&".join(f"a{number}=1" for number in range(1100)), "content_type": FORM_TYPE}, 400),
        ("post", {"data": b"{}", "content_type": "application/json"}, 403),
        ("post", {"data": b"\xff\xfe=%ff", "content_type": FORM_TYPE}, 403),
        ("post", {"data": b"", "content_type": "multipart/form-data; boundary=x"}, 403),
    ],
)
def test_odd_requests_are_no_server_error(method: str, options: dict[str, Any], status: int) -> None:
    headers = {"X-Twilio-Signature": "c2lnbmF0dXJl"}
    assert getattr(Client(), method)(PATH, headers=headers, **options).status_code == status
