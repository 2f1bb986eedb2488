from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import Patient, SmsMessage, StaffMail
from clinical.models import AiSession, ChatMessage
from integrations.models import BookingRequest, CalWebhook, VapiEvent
from integrations.queues import QUEUES, QueueState, queue_states
from tests.cast import HospitalCast

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NONE = dt.timedelta(0)

pytestmark = pytest.mark.django_db


def webhook(**values: Any) -> CalWebhook:
    return CalWebhook.objects.create(raw_webhook_body={}, **values)


def state(name: str) -> QueueState:
    return next(one for one in queue_states(at=NOW) if one.name == name)


def test_empty_queues_are_of_no_age() -> None:
    assert [(one.name, one.waiting, one.age, one.is_fine) for one in queue_states(at=NOW)] == [
        (queue.name, 0, NONE, True) for queue in QUEUES
    ]


def test_each_queue_is_as_old_as_its_oldest_row(north: HospitalCast, patient: Patient) -> None:
    hour = NOW - 60 * MINUTE
    webhook(received_at=hour)
    webhook(received_at=NOW)
    VapiEvent.objects.create(event_type="call", projection={}, body_sha256="x", received_at=hour)
    BookingRequest.objects.create(kind="book", doctor=north.doctor, patient=patient, created_at=hour)
    session = AiSession.objects.create(patient=patient, source="APP")
    ChatMessage.objects.create(session=session, kind="message", line=0, asked_at=hour)
    SmsMessage.objects.create(kind="sign_in_code", number="436601234567", created_at=hour)
    SmsMessage.objects.create(kind="reminder", number="436601234567", created_at=hour)
    StaffMail.objects.create(kind="reset", user=north.admin, created_at=hour)
    assert {one.name: (one.waiting, one.age, one.is_late) for one in queue_states(at=NOW)} == {
        queue.name: (2 if queue.name == "webhooks" else 1, 60 * MINUTE, True) for queue in QUEUES
    }


def test_what_is_done_does_not_wait(north: HospitalCast) -> None:
    webhook(received_at=NOW - 60 * MINUTE, status="PROCESSED")
    BookingRequest.objects.create(kind="book", doctor=north.doctor, state="done", created_at=NOW - 60 * MINUTE)
    assert [one.waiting for one in queue_states(at=NOW)] == [0] * len(QUEUES)


def test_what_is_to_be_tried_again_later_waits_from_then() -> None:
    webhook(received_at=NOW - 60 * MINUTE, next_try_at=NOW + MINUTE)
    assert (state("webhooks").waiting, state("webhooks").age) == (1, NONE)
    webhook(received_at=NOW - 60 * MINUTE, next_try_at=NOW - 5 * MINUTE)
    assert (state("webhooks").age, state("webhooks").is_fine) == (5 * MINUTE, True)


@pytest.mark.parametrize(("seconds", "is_ahead"), [(5, False), (6, True), (3600, True)])
def test_a_row_of_the_future_shows_a_negative_age(seconds: int, is_ahead: bool) -> None:
    ahead = dt.timedelta(seconds=seconds)
    webhook(received_at=NOW - 60 * MINUTE)
    webhook(received_at=NOW + ahead)
    assert state("webhooks").is_ahead is is_ahead
    assert state("webhooks").age == (-ahead if is_ahead else 60 * MINUTE)
    assert not state("webhooks").is_fine
