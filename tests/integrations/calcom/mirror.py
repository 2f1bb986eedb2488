"""What the mirror shows beside what Cal.com lists, and the ways a test makes them differ."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from clinical.models import Appointment
from integrations.calcom.api.requests import BookingFilters
from integrations.calcom.api.responses import Booking
from tests.integrations.calcom.clinic import control
from tests.integrations.calcom.conftest import Connected

PATIENT_PHONE = "+436601234567"


def imported(connected: Connected, *uids: str, **changes: JsonValue) -> None:
    """Bookings that are simply there in Cal.com; no webhook tells of them."""
    row: dict[str, JsonValue] = {
        "eventTypeId": connected.link.cal_event_type_id,
        "start": "2026-12-07T09:00:00Z",
        "attendee": {"name": "Gerda Guest", "phoneNumber": "+436609999999"},
        "createdAt": "2026-11-01T09:00:00Z",
        "updatedAt": "2026-11-01T09:00:00Z",
    }
    control(connected.simulator, "POST", "bookings", [row | changes | {"uid": uid} for uid in uids])


def shown() -> list[tuple[Any, ...]]:
    """Every visit, field by field."""
    fields = ("cal_booking_id", "cal_status", "start_ts", "end_ts", "doctor__cal_link__cal_user_id", "no_show")
    people = ("patient__user__phone", "guest_name")
    return sorted(Appointment.objects.values_list(*fields, *people), key=str)


def listed(connected: Connected) -> list[tuple[Any, ...]]:
    """The same of Cal.com's list: the visits' last bookings."""
    return sorted((_row(one) for one in bookings(connected) if not one.rescheduled_to_uid), key=str)


def bookings(connected: Connected) -> list[Booking]:
    return list(connected.client.iter_org_bookings(BookingFilters()))


def _row(one: Booking) -> tuple[Any, ...]:
    booker = one.attendees[0]
    phone = PATIENT_PHONE[1:] if booker.phone_number == PATIENT_PHONE else None
    return (one.uid, str(one.status), one.start, one.end, one.hosts[0].id, booker.absent, phone, booker.name)
