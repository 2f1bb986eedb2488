"""What patients ask for, what became of it, and what Cal.com holds."""

from __future__ import annotations

import datetime as dt
import uuid

from django.test import Client
from django.utils import timezone

from accounts.models import Patient
from clinical.ports import BookingOutcome
from integrations.calcom.api.config import sign
from integrations.calcom.api.requests import BookingFilters
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.inbound.processing import process_webhooks
from tests.integrations.calcom.clinic import control
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected

SECRET = "webhook-secret-for-tests-0123456789"


def book(connected: Connected, start: dt.datetime = MONDAY_TEN, patient: Patient | None = None) -> uuid.UUID:
    return CalcomBookings().request_booking(
        patient_id=(patient or connected.patient).pk, doctor=connected.doctor, start=start, reason=""
    )


def run_all() -> None:
    while run_next_booking_request():
        pass


def outcome(connected: Connected, request: uuid.UUID, patient: Patient | None = None) -> BookingOutcome:
    found = CalcomBookings().outcome(request, patient_id=(patient or connected.patient).pk)
    assert found is not None
    return found


def held(connected: Connected) -> list[tuple[dt.datetime, str]]:
    """What Cal.com holds: start and status of every booking."""
    return sorted((one.start, str(one.status)) for one in connected.client.iter_org_bookings(BookingFilters()))


def subscribe(connected: Connected) -> None:
    # Nobody listens there: what Cal.com wanted to say is read from its list.
    connected.client.create_org_webhook(url="http://127.0.0.1:9/hook", secret=SECRET)


def tell(connected: Connected) -> None:
    """Let all that Cal.com has to say arrive, and apply it."""
    state = control(connected.simulator, "GET", "state")
    assert isinstance(state, dict)
    assert isinstance(state["deliveries"], list)
    for delivery in state["deliveries"]:
        assert isinstance(delivery, dict)
        body = str(delivery["body"]).encode()
        headers = {"X-Cal-Signature-256": sign(SECRET, body)}
        answer = Client().post("/webhooks/calcom/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200
    process_webhooks(at=timezone.now())
