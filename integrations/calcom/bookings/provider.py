"""`clinical.ports.BookingProvider` over Cal.com. A web process only queues and waits; workers make the calls."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Collection, Iterable, Sequence

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from clinical.models import Appointment
from clinical.ports import BookingOutcome, OutcomeState, Slots, SlotTaken, WaitingRequest, Withdrawal
from core.wake_ups import wait_until, wake
from hospitals.models import Doctor
from integrations.calcom.bookings import waiting
from integrations.calcom.bookings.no_shows import mark_outcome, queue_mark
from integrations.calcom.bookings.slots import is_offered, read_slots
from integrations.models import BookingRequest, CalLink

log = structlog.get_logger(__name__)

# Cancelling a doctor's whole week must not keep the patients who book meanwhile waiting.
BULK_PACE = dt.timedelta(seconds=1)

_STATES: dict[str, OutcomeState] = {
    BookingRequest.State.QUEUED: "pending",
    BookingRequest.State.SENT: "pending",
    BookingRequest.State.UNKNOWN: "pending",
    BookingRequest.State.DONE: "done",
    BookingRequest.State.REFUSED: "refused",
}


class CalcomBookings:
    def slots(
        self,
        doctor: Doctor,
        *,
        start: dt.datetime,
        end: dt.datetime,
        time_zone: str,
        asked_by: uuid.UUID | None = None,
    ) -> Slots:
        return read_slots(doctor, start=start, end=end, time_zone=time_zone, asked_by=asked_by)

    def bookable(self, doctor_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        linked = CalLink.objects.filter(
            doctor_id__in=doctor_ids, doctor__user__is_active=True, cal_event_type_id__isnull=False
        )
        return frozenset(linked.values_list("doctor_id", flat=True))

    def pending_bookings(self, *, patient_id: uuid.UUID) -> int:
        return waiting.pending_bookings(patient_id)

    def is_being_changed(self, appointment_id: uuid.UUID) -> bool:
        return waiting.is_being_changed(appointment_id)

    def changes_since(self, since: dt.datetime, *, patient_id: uuid.UUID) -> Sequence[dt.datetime]:
        return waiting.changes_since(since, patient_id)

    def waiting_requests(self, *, patient_id: uuid.UUID) -> Sequence[WaitingRequest]:
        return waiting.waiting_requests(patient_id)

    def withdraw(self, request_id: uuid.UUID, *, patient_id: uuid.UUID, at: dt.datetime) -> Withdrawal | None:
        is_new = waiting.withdraw(request_id, patient_id=patient_id, at=at)
        outcome = self.outcome(request_id, patient_id=patient_id)
        return None if is_new is None or outcome is None else Withdrawal(outcome, is_new)

    def request_booking(self, *, patient_id: uuid.UUID, doctor: Doctor, start: dt.datetime, reason: str) -> uuid.UUID:
        _refuse_unoffered(doctor, start)
        return self._queue_one(
            BookingRequest(
                kind=BookingRequest.Kind.BOOK,
                patient_id=patient_id,
                doctor=doctor,
                start_ts=start,
                reason=reason,
            )
        )

    def request_reschedule(self, *, appointment: Appointment, start: dt.datetime, reason: str) -> uuid.UUID:
        _refuse_unoffered(appointment.doctor, start)
        return self._queue_one(_about(appointment, BookingRequest.Kind.RESCHEDULE, start_ts=start, reason=reason))

    def request_cancellation(self, *, appointment: Appointment, reason: str) -> uuid.UUID:
        return self._queue_one(_about(appointment, BookingRequest.Kind.CANCEL, reason=reason))

    def mark_absence(self, *, appointment: Appointment, absent: bool, at: dt.datetime) -> bool:
        return queue_mark(appointment, absent=absent, at=at)

    def absence_outcome(self, appointment_id: uuid.UUID) -> BookingOutcome | None:
        return mark_outcome(appointment_id)

    def request_cancellations(self, *, appointments: Sequence[Appointment], reason: str) -> list[uuid.UUID]:
        requests = [_about(visit, BookingRequest.Kind.CANCEL, reason=reason) for visit in appointments]
        return self._queue(_paced(requests))

    def request_reassignments(
        self, *, appointments: Sequence[Appointment], doctors: Sequence[Doctor], reason: str
    ) -> list[uuid.UUID]:
        requests = []
        for visit, doctor in zip(appointments, doctors, strict=True):
            request = _about(visit, BookingRequest.Kind.REASSIGN, start_ts=visit.start_ts, reason=reason)
            request.doctor = doctor
            requests.append(request)
        return self._queue(_paced(requests))

    def outcomes(self, request_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, BookingOutcome]:
        rows = BookingRequest.objects.filter(pk__in=request_ids).values_list(
            "pk", "state", "appointment_id", "outcome_code"
        )
        return {pk: BookingOutcome(pk, _STATES[state], visit_id, code) for pk, state, visit_id, code in rows}

    def outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome | None:
        row = (
            BookingRequest.objects.filter(pk=request_id, patient_id=patient_id)
            .values_list("state", "appointment_id", "outcome_code", "kind", "created_at")
            .first()
        )
        if row is None:
            return None
        state, appointment_id, code, kind, created_at = row
        is_pending = _STATES[state] == "pending"
        expires_at = waiting.expires_at(kind, created_at) if is_pending else None
        return BookingOutcome(request_id, _STATES[state], appointment_id, code, expires_at)

    def wait_for_outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome:
        """Polls the request's row; between polls the connection is back in the pool."""
        pending = BookingOutcome(request_id, "pending")
        return wait_until(
            lambda outcome: outcome.state != "pending",
            look=lambda: self.outcome(request_id, patient_id=patient_id) or pending,
            seconds=settings.BOOKING_WAIT_SECONDS,
        )

    def _queue_one(self, request: BookingRequest) -> uuid.UUID:
        [request_id] = self._queue([request])
        return request_id

    def _queue(self, requests: Iterable[BookingRequest]) -> list[uuid.UUID]:
        named = {uuid.uuid4(): request for request in requests}
        for request_id, request in named.items():
            # A bulk insert does not bring back a key that the database makes.
            request.pk = request_id
        BookingRequest.objects.bulk_create(named.values())
        doctors = {request.doctor_id for request in named.values()}
        transaction.on_commit(lambda: forget_slots(*doctors))
        wake("run_booking_requests")
        return list(named)


def _paced(requests: Sequence[BookingRequest]) -> Sequence[BookingRequest]:
    for number, request in enumerate(requests[1:], start=1):
        request.next_try_at = timezone.now() + number * BULK_PACE
    return requests


def _refuse_unoffered(doctor: Doctor, start: dt.datetime) -> None:
    """Cal.com takes any minute inside the hours, and the times around it would be lost."""
    if not is_offered(doctor, start):
        raise SlotTaken


def forget_slots(*doctor_ids: uuid.UUID) -> None:
    """Drop the cached slots of doctors whose bookings changed."""
    now = time.time()
    cache.set_many({f"slots-since:{doctor_id}": now for doctor_id in doctor_ids}, timeout=60)


def _about(
    appointment: Appointment,
    kind: str,
    *,
    start_ts: dt.datetime | None = None,
    reason: str,
) -> BookingRequest:
    return BookingRequest(
        kind=kind,
        patient_id=appointment.patient_id,
        doctor_id=appointment.doctor_id,
        appointment=appointment,
        start_ts=start_ts,
        reason=reason,
        booking_uid=appointment.cal_booking_id,
    )
