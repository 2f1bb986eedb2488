"""What this app needs from a booking calendar and an assistant, without naming a vendor."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from clinical.models import Appointment
    from hospitals.models import Doctor

OutcomeState = Literal["pending", "done", "refused"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time, aware, in the zone that was asked for."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Slots:
    """`source` is `calcom` when the calendar answered, `local` when they are our own reckoning; `as_of` when."""

    slots: Sequence[Slot]
    source: Literal["calcom", "local"]
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class BookingOutcome:
    """What became of a request. `code` names why it was refused (`slot_taken`, `not_bookable`, ...)."""

    request_id: uuid.UUID
    state: OutcomeState
    appointment_id: uuid.UUID | None = None
    code: str | None = None


class BookingProvider(Protocol):
    def slots(self, doctor: Doctor, *, start: dt.datetime, end: dt.datetime, time_zone: str) -> Slots:
        """Free times of the doctor that begin in `[start, end)`. Never raises for a calendar that is down."""
        ...

    def bookable(self, doctor_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Those of the doctors who can be booked; one query."""
        ...

    def request_booking(
        self, *, patient_id: uuid.UUID, doctor: Doctor, start: dt.datetime, reason: str
    ) -> uuid.UUID:
        """Queue a booking and return the request's id. The write to the calendar is a worker's, after commit."""
        ...

    def request_reschedule(self, *, appointment: Appointment, start: dt.datetime, reason: str) -> uuid.UUID: ...

    def request_cancellation(self, *, appointment: Appointment, reason: str) -> uuid.UUID: ...

    def outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome | None:
        """The outcome so far; None for a request that is not this patient's."""
        ...

    def wait_for_outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome:
        """Wait for at most `BOOKING_WAIT_SECONDS`, holding no database connection while waiting."""
        ...


def booking_provider() -> BookingProvider:
    return cast(BookingProvider, import_string(settings.BOOKING_PROVIDER)())
