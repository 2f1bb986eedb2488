"""Cal.com's webhooks: accepted once, applied by a worker, never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pydantic import JsonValue
from pytest_django import DjangoAssertNumQueries

from clinical.models import Appointment
from integrations.calcom.api.config import sign
from integrations.calcom.inbound.processing import IMPOSSIBLE_NOTE, UNKNOWN_DOCTOR_NOTE, process_webhooks
from integrations.calcom.inbound.pull import pull_changed_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingLookup, CalLink, CalWebhook
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import Receiver, control
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.mirror import imported

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


@pytest.mark.parametrize("bracket", [b'{"a":%s}', b"[%s]"])
def test_an_event_too_deep_to_be_written_down_is_refused(db: None, bracket: bytes) -> None:
    """With a password in it, which is taken out before it is stored, or a NUL."""
    for levels, status in ((100, 200), (600, 400), (5000, 400)):
        nested = b"1"
        for _ in range(levels):
            nested = bracket % nested
        for extra in (b'"oneTimePassword":"1234"', b'"title":"a\\u0000b"', b'"title":"plain"'):
            body = b'{"triggerEvent":"PING","payload":{"deep":%s,%s}}' % (nested, extra)
            assert post(body) == status
    assert CalWebhook.objects.count() == 3
    process_webhooks(at=timezone.now())
    assert set(CalWebhook.objects.values_list("status", flat=True)) == {"PROCESSED"}


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


def test_half_an_emoji_is_replaced(connected: Connected) -> None:
    person = {"name": "Gerda \ud83d", "email": "g@test", "phoneNumber": None}
    body = event(
        connected.link.cal_user_id or 0, title="whole \U0001f600, half \ude00, not \\ud83d", attendees=[person]
    )
    assert post(body) == 200
    process_webhooks(at=timezone.now())
    row = CalWebhook.objects.get()
    assert row.raw_webhook_body["payload"]["title"] == "whole \U0001f600, half \ufffd, not \\ud83d"
    assert (row.status, row.notes) == ("PROCESSED", None)
    assert Appointment.objects.get().guest_name == "Gerda \ufffd"


@pytest.mark.parametrize("end", ["2050-09-05T08:00:00Z", "2050-09-05T07:00:00Z"])
def test_a_booking_that_ends_before_it_starts_fails_with_a_note(connected: Connected, end: str) -> None:
    post(event(connected.link.cal_user_id or 0, endTime=end))
    process_webhooks(at=timezone.now())
    row = CalWebhook.objects.get()
    assert (row.status, row.notes) == ("FAILED", IMPOSSIBLE_NOTE)
    assert (Appointment.objects.count(), BookingLookup.objects.count()) == (0, 0)


def test_the_email_of_a_doctor_without_a_link_makes_the_visit_before_the_look_up(north: HospitalCast) -> None:
    post(event(organizer={"email": (north.doctor.user.email or "").upper()}))
    process_webhooks(at=timezone.now())
    assert Appointment.objects.get().doctor_id == north.doctor.pk
    assert BookingLookup.objects.get().uid == "uid-1"


def test_the_host_asks_for_another_time_and_the_pull_does_not_forget_it(
    connected: Connected, receiver: Receiver, admin_in_calcom: str
) -> None:
    client, simulator = connected.client, connected.simulator
    client.create_org_webhook(url=receiver.url, secret=SECRET)
    for asker, uid in (("", "a"), (admin_in_calcom, "b")):
        imported(connected, uid, start="2050-09-05T08:00:00Z")
        asked: JsonValue = {"trigger": "REQUEST_RESCHEDULE", "uid": uid, "reason": "Congress.", "askerEmail": asker}
        control(simulator, "POST", "events", asked)
        control(simulator, "POST", "flush")
        [(_, body)] = receiver.received
        receiver.received.clear()
        told = json.loads(body)["payload"]
        assert (told["cancellationReason"], told["requestReschedule"]) == ("Please reschedule. Congress.", True)
        assert (told["organizer"]["id"] == connected.link.cal_user_id) is (asker == "")
        assert client.get_booking(uid).cancellation_reason == "Congress."
        assert post(body) == 200
        process_webhooks(at=timezone.now())
        pull_changed_bookings()
        visit = Appointment.objects.get(cal_booking_id=uid)
        assert (visit.cal_status, visit.cancellation_reason) == ("cancelled", "reschedule_requested")
        assert visit.doctor_id == connected.doctor.pk


@pytest.fixture
def admin_in_calcom(connected: Connected) -> str:
    return connected.client.create_org_user(email="Admin@Example.com", name="Ada Admin", time_zone="UTC").email


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
