"""What a patient does about visits: each checks the rules, queues a request and leaves the write to a worker."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Patient, Profile, User
from clinical.mirror.facts import RESCHEDULE_REQUESTED
from clinical.models import Appointment
from clinical.ports import BookingOutcome, KeyClaim, booking_provider, finish_claim
from clinical.visits.history import changed_by
from clinical.visits.reassigning import is_being_reassigned
from core.phone_numbers import is_valid_phone
from core.rate_windows import HOUR, Limit, whole_seconds
from core.refusals import Conflict, Invalid, TooOften
from hospitals.models import Doctor


class InThePast(Invalid):
    code = "in_the_past"
    message = _("This time has passed.")


class TooFar(Invalid):
    code = "too_far"
    message = _("Appointments are not given that far ahead yet.")


class NotBookable(Conflict):
    code = "not_bookable"
    message = _("This doctor cannot be booked in the app.")


class ProfileIncomplete(Conflict):
    code = "profile_incomplete"
    message = _("Give your name before you book.")


class PhoneNotValid(Conflict):
    code = "phone_not_valid"
    message = _("The booking calendar does not accept your phone number. Change it to a valid number, then book.")


class TooManyOpen(Conflict):
    code = "too_many_open"
    message = _("You have as many open appointments as can be booked at a time.")


class VisitNotOpen(Conflict):
    code = "visit_not_open"
    message = _("This appointment was cancelled or has begun: it can no longer be changed.")


class ChangePending(Conflict):
    code = "change_pending"
    message = _("Another change of this appointment is not finished yet. Please wait until it is.")
    retry_after_seconds = 5


class TooManyChanges(TooOften):
    code = "too_many_changes"
    policy = "changes"


@transaction.atomic
def request_booking(
    *, by: User, doctor_id: uuid.UUID, start: dt.datetime, reason: str, claim: KeyClaim | None, at: dt.datetime
) -> uuid.UUID:
    """Queue a booking for the patient, finish the claim with it, and return the request's id.

    Raises: InThePast, TooFar, NotBookable, ProfileIncomplete, PhoneNotValid, TooManyOpen, SlotTaken,
        IdempotencyKeyInUse.
    """
    _refuse_start(start, at)
    _lock_patient(by)
    if not Profile.objects.filter(user=by).exclude(full_name="").exists():
        raise ProfileIncomplete
    if not is_valid_phone(by.phone or ""):
        raise PhoneNotValid
    doctor = _bookable_doctor(doctor_id, by=by)
    _refuse_too_many(by, at)
    request_id = booking_provider().request_booking(patient_id=by.pk, doctor=doctor, start=start, reason=reason)
    finish_claim(claim, request_id=request_id)
    _record_request(by, request_id, doctor.hospital_id)
    return request_id


@transaction.atomic
def request_reschedule(
    *, by: User, appointment_id: uuid.UUID, start: dt.datetime, reason: str, claim: KeyClaim | None, at: dt.datetime
) -> uuid.UUID | None:
    """Queue the move of an own visit, finish the claim with it, and return the request's id; None if it is there.

    Raises: InThePast, TooFar, NotBookable, VisitNotOpen, ChangePending, TooManyChanges, SlotTaken,
        IdempotencyKeyInUse, Appointment.DoesNotExist.
    """
    _refuse_start(start, at)
    visit = _movable_visit(appointment_id, by=by, at=at)
    if is_being_reassigned(visit):
        raise ChangePending
    if visit.status == Appointment.Status.SCHEDULED and visit.start_ts == start:
        # So it is, unless it is on its way elsewhere.
        _refuse_pending(visit)
        return None
    _refuse_another_change(visit, by=by, at=at)
    _bookable_doctor(visit.doctor_id, by=by)
    request_id = booking_provider().request_reschedule(appointment=visit, start=start, reason=reason)
    finish_claim(claim, request_id=request_id)
    _record_request(by, request_id, visit.hospital_id)
    return request_id


@transaction.atomic
def request_cancellation(
    *, by: User, appointment_id: uuid.UUID, reason: str, claim: KeyClaim | None, at: dt.datetime
) -> uuid.UUID | None:
    """Queue the cancellation of an own visit, finish the claim with it, and return the request's id; None if it is
    cancelled already. While a visit is being given to a colleague its old booking may be cancelled, and the new one
    must be too.

    Raises: VisitNotOpen, ChangePending, TooManyChanges, IdempotencyKeyInUse, Appointment.DoesNotExist.
    """
    visit = _own_visit(appointment_id, by=by)
    if visit.status != Appointment.Status.CANCELLED:
        _refuse_over(visit, at)
    elif not is_being_reassigned(visit):
        # A move that was asked for would bring it back.
        if _is_asked_to_move(visit):
            _refuse_pending(visit)
        return None
    _refuse_another_change(visit, by=by, at=at)
    request_id = booking_provider().request_cancellation(appointment=visit, reason=reason)
    finish_claim(claim, request_id=request_id)
    _record_request(by, request_id, visit.hospital_id)
    return request_id


@transaction.atomic
def withdraw_request(*, by: User, request_id: uuid.UUID, at: dt.datetime) -> BookingOutcome | None:
    """Take an own request back that has no outcome yet, and return what became of it; None where there is none.

    Raises: NotWithdrawable.
    """
    withdrawal = booking_provider().withdraw(request_id, patient_id=by.pk, at=at)
    if withdrawal is None:
        return None
    if withdrawal.is_new:
        _record_request(by, request_id, None, AccessAction.WITHDREW_BOOKING)
    return withdrawal.outcome


@transaction.atomic
def accept_visit(*, by: User, appointment_id: uuid.UUID, at: dt.datetime) -> Appointment:
    """The patient says that a visit matched by phone is theirs, which opens the record to its doctor. Again: no change.

    Raises: Appointment.DoesNotExist.
    """
    visit = _own_visit(appointment_id, by=by)
    if visit.is_patient_identified:
        return visit
    visit.identity_confirmed_at = at
    with changed_by(by):
        visit.save(update_fields=["identity_confirmed_at"])
    record_access(
        by=by,
        action=AccessAction.CONFIRMED_IDENTITY,
        patient_id=by.pk,
        object_kind="appointment",
        object_id=visit.pk,
        hospital_id=visit.hospital_id,
    )
    return visit


def _refuse_start(start: dt.datetime, at: dt.datetime) -> None:
    if start <= at:
        raise InThePast
    if start > at + settings.BOOKING_HORIZON:
        raise TooFar


def _lock_patient(by: User) -> None:
    """One request of a patient at a time, so that two cannot both be the last that is allowed."""
    Patient.objects.select_for_update().get(user=by)


def _bookable_doctor(doctor_id: uuid.UUID, *, by: User) -> Doctor:
    doctor: Doctor | None = Doctor.objects.for_user(by).with_names().filter(pk=doctor_id).first()
    if doctor is None or doctor.pk not in booking_provider().bookable([doctor.pk]):
        raise NotBookable
    return doctor


def _refuse_too_many(by: User, at: dt.datetime) -> None:
    # Only visits the patient made or accepted: anybody may book one with somebody else's number.
    open_visits = Appointment.objects.for_user(by).identified().open(at=at).count()
    if open_visits + booking_provider().pending_bookings(patient_id=by.pk) >= settings.MAX_OPEN_VISITS:
        raise TooManyOpen


def _own_visit(appointment_id: uuid.UUID, *, by: User) -> Appointment:
    visit: Appointment = Appointment.objects.for_user(by).select_for_update(of=("self",)).resolve(appointment_id)
    return visit


def _refuse_over(visit: Appointment, at: dt.datetime) -> None:
    if visit.status != Appointment.Status.SCHEDULED or visit.start_ts <= at:
        raise VisitNotOpen


def _movable_visit(appointment_id: uuid.UUID, *, by: User, at: dt.datetime) -> Appointment:
    """One that is booked; or cancelled by a host who asked for another time, which is the patient's to choose."""
    visit = _own_visit(appointment_id, by=by)
    if visit.start_ts <= at or not (_is_asked_to_move(visit) or visit.status == Appointment.Status.SCHEDULED):
        raise VisitNotOpen
    return visit


def _is_asked_to_move(visit: Appointment) -> bool:
    """Whether its host asked for another time, which the calendar tells as a cancellation."""
    return visit.status == Appointment.Status.CANCELLED and visit.cancellation_reason == RESCHEDULE_REQUESTED


def _refuse_pending(visit: Appointment) -> None:
    if booking_provider().is_being_changed(visit.pk):
        raise ChangePending


def _refuse_another_change(visit: Appointment, *, by: User, at: dt.datetime) -> None:
    """One change of a visit at a time, and not too many in an hour: the calendar takes few calls, which all share."""
    _refuse_pending(visit)
    # Not the key: rows that refer to the patient may be written meanwhile.
    Patient.objects.select_for_update(no_key=True).get(user=by)
    hits = booking_provider().changes_since(at - HOUR, patient_id=by.pk)
    limit = Limit(settings.VISIT_CHANGES_AN_HOUR, HOUR)
    if wait := limit.wait(hits, at):
        raise TooManyChanges(whole_seconds(wait), limit)


def _record_request(
    by: User,
    request_id: uuid.UUID,
    hospital_id: uuid.UUID | None,
    action: AccessAction = AccessAction.REQUESTED_BOOKING,
) -> None:
    record_access(
        by=by,
        action=action,
        patient_id=by.pk,
        object_kind="booking_request",
        object_id=request_id,
        hospital_id=hospital_id,
    )
