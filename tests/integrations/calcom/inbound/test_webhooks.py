"""Cal.com's webhooks: accepted once, applied by a worker, never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinical.models import Appointment
from integrations.calcom.api.config import sign
from integrations.calcom.inbound.processing import UNKNOWN_DOCTOR_NOTE, process_webhooks
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import CalLink, CalWebhook
from tests.integrations.calcom.conftest import Connected

pytestmark = pytest.mark.django_db
SECRET = "webhook-secret-for-tests-0123456789"


def event(organizer_id: int = 1, **payload: Any) -> bytes:
    body = {
        "triggerEvent": "BOOKING_CREATED",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "payload": {
            "uid": "uid-1",
            "bookingId": 5,
            "startTime": "2050-09-05T08:00:00Z",
            "endTime": "2050-09-05T08:30:00Z",
            "organizer": {"id": organizer_id, "email": "doctor@calendar.test"},
            "attendees": [{"name": "Gerda Guest", "email": "g@test", "phoneNumber": None}],
            "status": "ACCEPTED",
            **payload,
        },
    }
    return json.dumps(body).encode()


def post(body: bytes, *, secret: str = SECRET, content_type: str = "application/json", **headers: str) -> int:
    response = Client().post(
        "/webhooks/calcom/",
        data=body,
        content_type=content_type,
        headers={"X-Cal-Signature-256": sign(secret, body), **headers},
    )
    return response.status_code


def test_a_webhook_is_stored_once_and_applied(connected: Connected) -> None:
    body = event(connected.link.cal_user_id or 0)
    assert [post(body), post(body)] == [200, 200]
    row = CalWebhook.objects.get()
    assert (row.status, row.trigger) == ("PENDING", "BOOKING_CREATED")
    assert process_webhooks(at=timezone.now()) == 1
    row.refresh_from_db()
    assert (row.status, row.tries, row.notes) == ("PROCESSED", 1, None)
    visit = Appointment.objects.get()
    assert (visit.doctor_id, visit.guest_name, visit.cal_booking_id) == (connected.doctor.pk, "Gerda Guest", "uid-1")
    assert process_webhooks(at=timezone.now()) == 0


def test_accepting_is_one_statement_and_nothing_of_what_pages_need(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    body = event(title="Zahnärztin")
    with django_assert_num_queries(1):
        response = Client(enforce_csrf_checks=True).post(
            "/webhooks/calcom/",
            data=body,
            content_type="application/json",
            headers={"X-Cal-Signature-256": sign(SECRET, body)},
        )
    assert (response.status_code, response.content, dict(response.cookies)) == (200, b"", {})
    assert "Content-Security-Policy" not in response.headers
    assert CalWebhook.objects.get().raw_webhook_body == json.loads(body)


def test_without_storage_the_sender_is_asked_to_try_again(db: None) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError

    with connection.execute_wrapper(refuse):
        assert post(event()) == 503
    assert CalWebhook.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (event(), "another-secret", 401),
        (b"", SECRET, 400),
        (b"not json", SECRET, 400),
        (b"[1]", SECRET, 400),
        (b"triggerEvent=PING", SECRET, 400),
        (b'"' + b"x" * (256 * 1024) + b'"', SECRET, 413),
    ],
)
def test_what_is_not_a_signed_object_is_not_stored(db: None, body: bytes, secret: str, status: int) -> None:
    assert post(body, secret=secret) == status
    assert CalWebhook.objects.count() == 0


def test_an_unsigned_webhook_is_refused(db: None) -> None:
    for header in ({}, {"X-Cal-Signature-256": "no-secret-provided"}):
        response = Client().post("/webhooks/calcom/", event(), content_type="application/json", headers=header)
        assert response.status_code == 401
    assert Client().get("/webhooks/calcom/").status_code == 405
    assert CalWebhook.objects.count() == 0


def test_secrets_are_stripped_and_nul_is_spelled_out(db: None) -> None:
    post(event(title="a\0b\\u0000", oneTimePassword="1234", videoCallData={"password": "p", "url": "u"}))
    payload = CalWebhook.objects.get().raw_webhook_body["payload"]
    assert payload["title"] == "a\\u0000b\\u0000"
    assert "oneTimePassword" not in payload
    assert payload["videoCallData"] == {"url": "u"}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"triggerEvent": "PING", "createdAt": "2026-01-01T00:00:00Z", "payload": {"type": "Test"}}',
        b'{"triggerEvent": "SOMETHING_NEW", "payload": {}}',
        b'{"triggerEvent": 7, "payload": []}',
    ],
)
def test_what_is_not_ours_is_recorded(db: None, body: bytes) -> None:
    assert post(body) == 200
    process_webhooks(at=timezone.now())
    row = CalWebhook.objects.get()
    assert row.status == "PROCESSED"
    assert row.notes
    assert Appointment.objects.count() == 0


def test_an_unknown_doctor_fails_until_the_doctor_is_linked(connected: Connected) -> None:
    user_id = connected.link.cal_user_id or 0
    CalLink.objects.all().delete()
    post(event(user_id))
    process_webhooks(at=timezone.now())
    row = CalWebhook.objects.get()
    assert (row.status, row.notes) == ("FAILED", UNKNOWN_DOCTOR_NOTE)
    connect_doctor(connected.doctor.pk, connected.client)
    process_webhooks(at=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.notes) == ("PROCESSED", None)
    assert Appointment.objects.get().doctor_id == connected.doctor.pk


def test_a_booking_that_cannot_be_read_fails_with_the_field(connected: Connected) -> None:
    post(event(startTime="yesterday"))
    process_webhooks(at=timezone.now())
    row = CalWebhook.objects.get()
    assert row.status == "FAILED"
    assert row.notes == (
        "The booking in this webhook cannot be read: startTime. Replay it when the program understands it."
    )
