"""Patients' requests without an outcome: which there are, and what becomes of one that is taken back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Literal, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from clinical.models import Appointment, VisitDecision
from clinical.ports import NotWithdrawable, WaitingRequest
from core.wake_ups import wake
from integrations.models import BookingRequest

Kind = BookingRequest.Kind
State = BookingRequest.State
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)
# What is not in the calendar by then is not booked any more: the patient has long gone elsewhere.
GIVE_UP_AFTER = dt.timedelta(minutes=15)
# Nor is it looked for any more by then. Should it turn out later that it was booked, the mirror says so.
GIVE_UP_LOOKING_AFTER = dt.timedelta(hours=1)
_PATIENTS = (Kind.BOOK, Kind.RESCHEDULE, Kind.CANCEL)


def expires_at(kind: str, created_at: dt.datetime) -> dt.datetime | None:
    """When a request is given up; None for what is tried until the calendar answers."""
    return created_at + GIVE_UP_LOOKING_AFTER if kind in (Kind.BOOK, Kind.RESCHEDULE) else None


def waiting_requests(patient_id: uuid.UUID) -> Sequence[WaitingRequest]:
    """The patient's own, without what staff asked for: that is told as their decision."""
    rows = _open(patient_id, of=_of_patient()).order_by("created_at", "pk")
    return [
        WaitingRequest(
            request_id=row.pk,
            kind=cast(Literal["book", "reschedule", "cancel"], row.kind),
            doctor_id=row.doctor_id,
            appointment_id=row.appointment_id,
            start=row.start_ts,
            asked_at=row.created_at,
            expires_at=expires_at(row.kind, row.created_at),
        )
        for row in rows
    ]


def is_being_changed(appointment_id: uuid.UUID) -> bool:
    changes = BookingRequest.objects.filter(kind__in=(Kind.RESCHEDULE, Kind.CANCEL), state__in=OPEN)
    return changes.filter(appointment_id=appointment_id).exists()


def changes_since(since: dt.datetime, patient_id: uuid.UUID) -> Sequence[dt.datetime]:
    asked = _of_patient().filter(patient_id=patient_id, created_at__gt=since, kind__in=(Kind.RESCHEDULE, Kind.CANCEL))
    return list(asked.values_list("created_at", flat=True))


def _of_patient() -> QuerySet[BookingRequest]:
    """Without what staff asked for."""
    of_staff = VisitDecision.objects.filter(request_id=OuterRef("pk"))
    return BookingRequest.objects.filter(kind__in=_PATIENTS).exclude(Exists(of_staff))


def pending_bookings(patient_id: uuid.UUID) -> int:
    return _open(patient_id, of=BookingRequest.objects.filter(kind=Kind.BOOK)).count()


def _open(patient_id: uuid.UUID, *, of: QuerySet[BookingRequest]) -> QuerySet[BookingRequest]:
    return of.filter(patient_id=patient_id, state__in=OPEN, withdrawn_at__isnull=True)


def withdraw(request_id: uuid.UUID, *, patient_id: uuid.UUID, at: dt.datetime) -> bool | None:
    """Take the request back; whether this changed it. None where the patient has no such request.

    Raises: NotWithdrawable.
    """
    own = BookingRequest.objects.select_for_update().filter(pk=request_id, patient_id=patient_id)
    request = own.exclude(kind=Kind.MARK_ABSENT).first()
    if request is None:
        return None
    if request.outcome_code == "withdrawn" or request.withdrawn_at is not None:
        return False
    if request.state == State.QUEUED and request.kind in (Kind.BOOK, Kind.RESCHEDULE):
        own.update(state=State.REFUSED, outcome_code="withdrawn", resolved_at=at, next_try_at=None)
    elif request.state in (State.SENT, State.UNKNOWN) and request.kind == Kind.BOOK:
        own.update(withdrawn_at=at)
        wake("run_booking_requests")
    else:
        raise NotWithdrawable
    return True


def cancel_withdrawn(*, at: dt.datetime) -> int:
    """Have bookings cancelled that were made although they had been taken back; how many."""
    made = BookingRequest.objects.filter(withdrawn_at__isnull=False, state=State.DONE, appointment__isnull=False)
    count = 0
    for request in made.order_by("pk")[:100]:
        with transaction.atomic():
            taken = BookingRequest.objects.filter(pk=request.pk, withdrawn_at__isnull=False).update(withdrawn_at=None)
            if taken and _is_open(request.appointment_id):
                BookingRequest.objects.create(
                    kind=Kind.CANCEL,
                    patient_id=request.patient_id,
                    doctor_id=request.doctor_id,
                    appointment_id=request.appointment_id,
                    booking_uid=request.booking_uid,
                    created_at=at,
                )
                count += 1
    return count


def _is_open(appointment_id: uuid.UUID | None) -> bool:
    return Appointment.objects.filter(status=Appointment.Status.SCHEDULED, pk__in=[appointment_id]).exists()
