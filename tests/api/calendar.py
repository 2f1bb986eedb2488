"""A booking provider for tests: it remembers what was asked, and answers what it was told to."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clinical.models import Appointment
from clinical.ports import BookingOutcome, OutcomeState, Slot, Slots, WaitingRequest, Withdrawal
from hospitals.models import Doctor


@dataclass
class Memory:
    requests: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    unbookable: set[uuid.UUID] = field(default_factory=set)
    pending: int = 0
    is_being_changed: bool = False
    changes: list[dt.datetime] = field(default_factory=list)
    state: OutcomeState = "pending"
    appointment_id: uuid.UUID | None = None
    code: str | None = None


class FakeCalendar:
    memory: ClassVar[Memory] = Memory()

    def slots(
        self,
        doctor: Doctor,
        *,
        start: dt.datetime,
        end: dt.datetime,
        time_zone: str,
        asked_by: uuid.UUID | None = None,
    ) -> Slots:
        slot = Slot(start=start, end=start + dt.timedelta(minutes=30))
        return Slots(slots=[slot] if slot.end < end else [], source="calcom", as_of=start)

    def bookable(self, doctor_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        found = Doctor.objects.filter(pk__in=doctor_ids).values_list("pk", flat=True)
        return frozenset(found) - self.memory.unbookable

    def pending_bookings(self, *, patient_id: uuid.UUID) -> int:
        return self.memory.pending

    def is_being_changed(self, appointment_id: uuid.UUID) -> bool:
        return self.memory.is_being_changed

    def changes_since(self, since: dt.datetime, *, patient_id: uuid.UUID) -> list[dt.datetime]:
        return [at for at in self.memory.changes if at > since]

    def request_booking(self, *, patient_id: uuid.UUID, doctor: Doctor, start: dt.datetime, reason: str) -> uuid.UUID:
        return self._ask(kind="book", patient_id=patient_id, doctor_id=doctor.pk, start=start, reason=reason)

    def request_reschedule(self, *, appointment: Appointment, start: dt.datetime, reason: str) -> uuid.UUID:
        return self._ask(
            kind="reschedule",
            patient_id=appointment.patient_id,
            appointment_id=appointment.pk,
            start=start,
            reason=reason,
        )

    def request_cancellation(self, *, appointment: Appointment, reason: str) -> uuid.UUID:
        return self._ask(kind="cancel", patient_id=appointment.patient_id, appointment_id=appointment.pk, reason=reason)

    def mark_absence(self, *, appointment: Appointment, absent: bool, at: dt.datetime) -> bool:
        return False

    def absence_outcome(self, appointment_id: uuid.UUID) -> BookingOutcome | None:
        return None

    def request_cancellations(self, *, appointments: Sequence[Appointment], reason: str) -> list[uuid.UUID]:
        return [self.request_cancellation(appointment=one, reason=reason) for one in appointments]

    def request_reassignments(
        self, *, appointments: Sequence[Appointment], doctors: Sequence[Doctor], reason: str
    ) -> list[uuid.UUID]:
        pairs = zip(appointments, doctors, strict=True)
        return [self._ask(kind="reassign", appointment_id=v.pk, doctor_id=d.pk, reason=reason) for v, d in pairs]

    def outcomes(self, request_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, BookingOutcome]:
        known = [one for one in request_ids if one in self.memory.requests]
        return {one: BookingOutcome(one, self.memory.state, code=self.memory.code) for one in known}

    def waiting_requests(self, *, patient_id: uuid.UUID) -> list[WaitingRequest]:
        return []

    def withdraw(self, request_id: uuid.UUID, *, patient_id: uuid.UUID, at: dt.datetime) -> Withdrawal | None:
        outcome = self.outcome(request_id, patient_id=patient_id)
        return Withdrawal(outcome, is_new=True) if outcome else None

    def outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome | None:
        asked = self.memory.requests.get(request_id)
        if asked is None or asked["patient_id"] != patient_id:
            return None
        memory = self.memory
        return BookingOutcome(request_id, memory.state, memory.appointment_id, memory.code)

    def wait_for_outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome:
        outcome = self.outcome(request_id, patient_id=patient_id)
        assert outcome is not None
        return outcome

    def _ask(self, **request: Any) -> uuid.UUID:
        request_id = uuid.uuid4()
        self.memory.requests[request_id] = request
        return request_id
