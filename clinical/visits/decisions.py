"""What staff decide about booked visits: keep, ask the patient to move, cancel. One at a time, or many at once.

A cancellation is queued, as a patient's own is. The patient of a visit to move is told at once. The patient of a
cancelled one is told when it *is* cancelled (`tell_cancelled`): until the calendar says so it may still be refused,
and nobody should stay at home for a visit that takes place.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.db.models import F, Q

from accounts.access_log.record import AccessAction, record_each
from accounts.models import SmsMessage, User
from accounts.permissions import Permission, has_permission
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from clinical.ports import booking_provider
from clinical.refusals import ChangeOnItsWay, VisitBegun, VisitCancelled
from core.refusals import NotFound, NotPermitted
from core.wake_ups import wake

if TYPE_CHECKING:
    from clinical.ports import BookingOutcome


Choice = VisitDecision.Choice
Cause = VisitDecision.Cause
Kind = SmsMessage.Kind
# Cal.com and the patient's app both show it; more is a letter.
REASON_LENGTH = 500
# Cancelled visits whose patients are told in one run.
BATCH = 200
DecisionState = Literal[
    "kept",  # stays as booked
    "asked",  # the patient has not chosen another time yet
    "moved",  # is at another time since
    "passed",  # the time came, and the patient had not moved it
    "cancelling",  # on its way to the calendar
    "cancelled",
    "not_cancelled",  # the calendar refused it
    "reassigning",  # on its way to a colleague
    "reassigned",  # is with a colleague
    "not_reassigned",  # the calendar refused it: it is with the doctor as before
]


def phone_of(visit: Appointment) -> str | None:
    """The number of one visit, as `phones_of`; no query for a patient who came with it."""
    if visit.patient is not None:
        number: str | None = visit.patient.user.phone
        return number
    booked = AppointmentBooking.objects.filter(uid=visit.cal_booking_id)
    return booked.values_list("attendee_phone", flat=True).first()


def phones_of(visits: Sequence[Appointment]) -> dict[uuid.UUID, str]:
    """By visit: the account's number, or for a guest the one typed with the booking. Two queries; few have none."""
    patients = {visit.patient_id for visit in visits if visit.patient_id}
    accounts = dict(User.objects.filter(pk__in=patients, phone__isnull=False).values_list("pk", "phone"))
    guests = [visit.cal_booking_id for visit in visits if visit.patient_id is None]
    booked = AppointmentBooking.objects.filter(uid__in=guests, attendee_phone__isnull=False)
    typed = dict(booked.values_list("uid", "attendee_phone"))
    found = {visit.pk: accounts.get(visit.patient_id) or typed.get(visit.cal_booking_id) for visit in visits}
    return {pk: number for pk, number in found.items() if number}


@transaction.atomic
def cancel_visit(*, appointment_id: uuid.UUID, reason: str, by: User, at: dt.datetime) -> VisitDecision:
    """Queue the cancellation of a visit that has not begun. Again, while it is on its way: no change.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitBegun, ChangeOnItsWay.
    """
    return _decide_one(appointment_id, Choice.CANCEL, reason, by, at)


@transaction.atomic
def ask_to_move(*, appointment_id: uuid.UUID, reason: str, by: User, at: dt.datetime) -> VisitDecision:
    """Ask the visit's patient to choose another time. Again, while the ask is open: no change and no message.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitBegun, ChangeOnItsWay.
    """
    return _decide_one(appointment_id, Choice.ASK_TO_MOVE, reason, by, at)


@transaction.atomic
def keep_visit(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> VisitDecision:
    """The visit stays as booked; takes back an open ask. A cancellation that was queued cannot be taken back.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitBegun, ChangeOnItsWay.
    """
    return _decide_one(appointment_id, Choice.KEEP, "", by, at)


@transaction.atomic
def decide_visits(
    *, choices: Mapping[uuid.UUID, str], cause: str, reason: str, by: User, at: dt.datetime
) -> list[VisitDecision]:
    """Decide about many visits in a constant number of queries, in the order of their ids.

    Visits that were cancelled or have begun meanwhile are left out: nothing is left to decide. One reason for all; of
    a visit that is kept it is not stored, nobody is told it.

    Raises: NotPermitted, NotFound (one of them is not theirs to decide, or is not there: then nothing is decided).
    """
    visits = locked_visits(choices.keys(), by)
    open_visits = [visit for visit in visits if visit.status == Appointment.Status.SCHEDULED and visit.start_ts > at]
    return _decide(open_visits, choices, cause, reason, by, at)


@transaction.atomic
def tell_cancelled(*, at: dt.datetime) -> int:
    """Tell patients whose visit staff had cancelled, and now is; the number of visits. Each once, whoever runs it."""
    untold = VisitDecision.objects.current().filter(choice=Choice.CANCEL, told_at=None, start_ts__gt=at)
    cancelled = untold.filter(appointment__status=Appointment.Status.CANCELLED).order_by("decided_at", "pk")
    rows = cancelled.select_related("appointment").defer("appointment__cal_raw_payload")
    decisions = list(rows.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    _tell(decisions, Kind.VISIT_CANCELLED, at)
    return len(decisions)


@transaction.atomic
def tell_reassigned(*, at: dt.datetime) -> int:
    """Tell patients whose visit is with another doctor now; the number of visits. Each once, whoever runs it."""
    untold = VisitDecision.objects.current().filter(choice=Choice.REASSIGN, told_at=None, start_ts__gt=at)
    scheduled = Q(appointment__status=Appointment.Status.SCHEDULED)
    moved = untold.filter(scheduled).exclude(appointment__doctor=F("doctor")).order_by("decided_at", "pk")
    rows = moved.select_related("appointment").defer("appointment__cal_raw_payload")
    decisions = list(rows.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    _tell(decisions, Kind.VISIT_REASSIGNED, at)
    return len(decisions)


def may_decide(by: User, hospital_id: uuid.UUID | None) -> bool:
    return has_permission(by, Permission.TREAT_PATIENTS) or has_permission(
        by, Permission.MANAGE_HOURS, hospital=hospital_id
    )


def _decide_one(appointment_id: uuid.UUID, choice: str, reason: str, by: User, at: dt.datetime) -> VisitDecision:
    [visit] = locked_visits([appointment_id], by)
    if visit.status == Appointment.Status.CANCELLED:
        raise VisitCancelled
    if visit.status != Appointment.Status.SCHEDULED or visit.start_ts <= at:
        raise VisitBegun
    [decision] = _decide([visit], {visit.pk: choice}, Cause.VISIT, reason, by, at)
    if decision.choice != choice:
        raise ChangeOnItsWay
    return decision


def locked_visits(ids: Iterable[uuid.UUID], by: User) -> list[Appointment]:
    if not may_decide(by, by.hospital_id):
        raise NotPermitted
    wanted = set(ids)
    own = Appointment.objects.for_user(by).filter(pk__in=wanted)
    rows = own.defer("cal_raw_payload").select_for_update(of=("self",), no_key=True)
    visits = list(rows.order_by("pk"))
    if len(visits) != len(wanted):
        raise NotFound
    return visits


def _decide(
    visits: Sequence[Appointment],
    choices: Mapping[uuid.UUID, str],
    cause: str,
    reason: str,
    by: User,
    at: dt.datetime,
) -> list[VisitDecision]:
    known = VisitDecision.objects.current().filter(appointment__in=[visit.pk for visit in visits])
    before = {decision.appointment_id: decision for decision in known}
    refused = refused_requests(before.values())
    changed = [visit for visit in visits if says_more(choices[visit.pk], before.get(visit.pk), visit, refused)]
    replaced = [before[visit.pk].pk for visit in changed if visit.pk in before]
    VisitDecision.objects.filter(pk__in=replaced).update(replaced_at=at)
    after = _write(changed, choices, cause, reason, by, at)
    _tell([one for one in after.values() if one.choice == Choice.ASK_TO_MOVE], Kind.VISIT_TO_MOVE, at)
    _tell([one for one in after.values() if _takes_back(one, before.get(one.appointment_id))], Kind.VISIT_STAYS, at)
    record_each(
        by=by,
        action=AccessAction.DECIDED_VISIT,
        records=[(visit, str(choices[visit.pk])) for visit in changed],
        object_kind="appointment",
    )
    return [after.get(visit.pk) or before[visit.pk] for visit in visits]


def refused_requests(decisions: Iterable[VisitDecision]) -> set[uuid.UUID]:
    asked = [one.request_id for one in decisions if one.request_id]
    outcomes = booking_provider().outcomes(asked) if asked else {}
    return {request_id for request_id, outcome in outcomes.items() if outcome.state == "refused"}


def says_more(choice: str, before: VisitDecision | None, visit: Appointment, refused: set[uuid.UUID]) -> bool:
    """Whether the choice says more than what holds. What is on its way to the calendar stays so, whatever is chosen."""
    if before is None:
        return True
    if before.choice == Choice.CANCEL or (before.choice == Choice.REASSIGN and visit.doctor_id == before.doctor_id):
        return before.request_id in refused
    # From a colleague who has it by now, the visit may be given on.
    is_given_on = choice == Choice.REASSIGN and before.doctor_id != visit.doctor_id
    return before.choice != choice or before.start_ts != visit.start_ts or is_given_on


def _takes_back(after: VisitDecision, before: VisitDecision | None) -> bool:
    """Whether the patient was asked to move this visit from this time, and now need not."""
    if before is None or after.choice != Choice.KEEP or before.choice != Choice.ASK_TO_MOVE:
        return False
    return before.told_at is not None and before.start_ts == after.start_ts


def _write(
    visits: Sequence[Appointment],
    choices: Mapping[uuid.UUID, str],
    cause: str,
    reason: str,
    by: User,
    at: dt.datetime,
) -> dict[uuid.UUID, VisitDecision]:
    cancelled = [visit for visit in visits if choices[visit.pk] == Choice.CANCEL]
    asked = booking_provider().request_cancellations(appointments=cancelled, reason=reason) if cancelled else []
    requests = dict(zip((visit.pk for visit in cancelled), asked, strict=True))
    decisions = [
        VisitDecision(
            # A bulk insert does not bring back a key that the database makes.
            id=uuid.uuid4(),
            appointment=visit,
            doctor_id=visit.doctor_id,
            hospital_id=visit.hospital_id,
            start_ts=visit.start_ts,
            cause=cause,
            choice=choices[visit.pk],
            reason="" if choices[visit.pk] == Choice.KEEP else reason,
            request_id=requests.get(visit.pk),
            decided_by=by,
            decided_at=at,
        )
        for visit in visits
    ]
    return {decision.appointment_id: decision for decision in VisitDecision.objects.bulk_create(decisions)}


def _tell(decisions: Sequence[VisitDecision], kind: str, at: dt.datetime) -> None:
    """Queue a message to each patient whose number is known. `told_at` is set for all: nobody else is to be found."""
    if not decisions:
        return
    phones = phones_of([decision.appointment for decision in decisions])
    SmsMessage.objects.bulk_create(
        SmsMessage(kind=kind, number=number, about_id=decision.pk, created_at=at, status_at=at)
        for decision in decisions
        if (number := phones.get(decision.appointment_id))
    )
    VisitDecision.objects.filter(pk__in=[decision.pk for decision in decisions]).update(told_at=at)
    for decision in decisions:
        decision.told_at = at
    wake("send_sms")


def state_of(
    decision: VisitDecision, visit: Appointment, *, outcome: BookingOutcome | None, at: dt.datetime
) -> DecisionState:
    """`outcome` is that of the cancellation, or of the booking with a colleague, that was asked for."""
    if decision.choice == "reassign" and outcome is not None and outcome.state == "pending":
        return "reassigning"
    if visit.status == "CANCELLED":
        return "cancelled"
    if decision.choice == "cancel":
        return "not_cancelled" if outcome is None or outcome.state == "refused" else "cancelling"
    if decision.choice == "reassign":
        return "reassigned" if visit.doctor_id != decision.doctor_id else "not_reassigned"
    if visit.start_ts != decision.start_ts:
        return "moved"
    if decision.choice == "keep":
        return "kept"
    return "asked" if decision.start_ts > at else "passed"
