"""What patients ask for, what became of it, and what Cal.com holds."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.models import Patient
from clinical.ports import BookingOutcome
from integrations.calcom.api.requests import BookingFilters
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected


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
