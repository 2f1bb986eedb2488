"""What is said at a visit: it took place, nobody came, this is who sits here."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import Patient, Role, User
from accounts.people.names import display_phone, patient_name
from accounts.permissions import Permission, require
from clinical.mirror.apply import visit_status
from clinical.mirror.facts import AGREED, chain
from clinical.models import Appointment, AppointmentBooking
from clinical.ports import booking_provider
from clinical.refusals import ConfirmedByPatient, NobodyToConfirm, NoPatientWithNumber, VisitCancelled, VisitNotBegun
from clinical.visits.decisions import may_decide
from clinical.visits.history import changed_by, is_confirmed_by_patient
from clinical.visits.shown import visit_name
from core.refusals import NotFound, NotPermitted

# People come early: who they are can be confirmed then, so that the record is open when the visit begins.
SEEN_EARLY_BY = dt.timedelta(hours=1)


@transaction.atomic
def mark_completed(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """The visit took place; takes back a no-show.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitNotBegun.
    """
    visit = _begun(appointment_id, by, at)
    visit.completed_at, visit.completed_by = at, by
    _set_no_show(visit, False, by=by, at=at)
    _record(by, AccessAction.MARKED_VISIT, visit, reason="completed")
    return visit


@transaction.atomic
def mark_no_show(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """Nobody came. Raises: NotFound, NotPermitted, VisitCancelled, VisitNotBegun."""
    visit = _begun(appointment_id, by, at)
    visit.completed_at = visit.completed_by = None
    _set_no_show(visit, True, by=by, at=at)
    _record(by, AccessAction.MARKED_VISIT, visit, reason="no_show")
    return visit


@transaction.atomic
def unmark_visit(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """Takes a mark back: the visit is what its booking and the clock make it. Where there is none, nothing changes.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitNotBegun.
    """
    visit = _begun(appointment_id, by, at)
    if visit.completed_at is None and not visit.no_show:
        return visit
    visit.completed_at = visit.completed_by = None
    _set_no_show(visit, False, by=by, at=at)
    _record(by, AccessAction.MARKED_VISIT, visit, reason="unmarked")
    return visit


@transaction.atomic
def confirm_identity(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """The person of the phone number sits here: opens the record to the doctor. Doing it again changes nothing.

    The doctor says so, or the hospital's admin who let the person in.

    Raises: NotFound, NotPermitted, VisitCancelled, VisitNotBegun, NobodyToConfirm.
    """
    if not may_decide(by, by.hospital_id):
        raise NotPermitted
    visit = _locked_from(appointment_id, by, at, early=SEEN_EARLY_BY)
    if visit.patient_id is None:
        raise NobodyToConfirm
    if visit.is_patient_identified:
        return visit
    visit.identity_confirmed_at = at
    with changed_by(by):
        visit.save(update_fields=["identity_confirmed_at"])
    _record(by, AccessAction.CONFIRMED_IDENTITY, visit)
    return visit


@transaction.atomic
def withdraw_identity(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """Undoes `confirm_identity`: the record is closed to the doctor again. Again: no change.

    What the patient accepted in the app stays.

    Raises: NotFound, NotPermitted, VisitCancelled, ConfirmedByPatient.
    """
    if not may_decide(by, by.hospital_id):
        raise NotPermitted
    visit = _locked_with_bookings(appointment_id, by)
    if visit.identity_confirmed_at is None:
        return visit
    if is_confirmed_by_patient(visit):
        raise ConfirmedByPatient
    visit.identity_confirmed_at = None
    with changed_by(by):
        visit.save(update_fields=["identity_confirmed_at"])
    _record(by, AccessAction.WITHDREW_IDENTITY, visit)
    return visit


def _locked(appointment_id: uuid.UUID, by: User) -> Appointment:
    own = Appointment.objects.for_user(by).filter(pk=appointment_id)
    visit: Appointment | None = own.select_for_update(of=("self",)).first()
    if visit is None:
        raise NotFound
    if visit.status == Appointment.Status.CANCELLED:
        raise VisitCancelled
    return visit


def _locked_with_bookings(appointment_id: uuid.UUID, by: User) -> Appointment:
    # Bookings before their visit: the order in which the mirror locks them.
    list(AppointmentBooking.objects.select_for_update().filter(appointment=appointment_id).order_by("uid"))
    return _locked(appointment_id, by)


def _begun(appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """What became of a visit can be said from its beginning on."""
    require(by, Permission.TREAT_PATIENTS)
    return _locked_from(appointment_id, by, at, early=dt.timedelta())


def _locked_from(appointment_id: uuid.UUID, by: User, at: dt.datetime, *, early: dt.timedelta) -> Appointment:
    visit = _locked_with_bookings(appointment_id, by)
    if visit.start_ts - early > at:
        raise VisitNotBegun
    return visit


def _set_no_show(visit: Appointment, no_show: bool, *, by: User, at: dt.datetime) -> None:
    """A no-show is a fact of the booking too: the row is derived from it again with the next event."""
    is_to_be_told = booking_provider().mark_absence(appointment=visit, absent=no_show, at=at)
    visit.no_show = no_show
    visit.status = visit_status(visit, at=at)
    with changed_by(by):
        visit.save(update_fields=["completed_at", "completed_by", "no_show", "status"])
    AppointmentBooking.objects.filter(uid=visit.cal_booking_id, appointment=visit).update(
        no_show=no_show, no_show_at=at, no_show_hash=None if is_to_be_told else AGREED
    )


def _record(by: User, action: AccessAction, visit: Appointment, *, reason: str = "") -> None:
    record_access(
        by=by,
        action=action,
        patient_id=visit.patient_id,
        object_kind="appointment",
        object_id=visit.pk,
        hospital_id=visit.hospital_id,
        reason=reason,
    )


@transaction.atomic
def match_guest(*, appointment_id: uuid.UUID, by: User, at: dt.datetime) -> Appointment:
    """Tie the visit to the patient of its phone number, as the mirror would with the next news of it.

    A match by phone proves nobody: it opens this visit, and the record only once it is confirmed. Again: no change.

    Raises: NotPermitted, NotFound, VisitCancelled, NoPatientWithNumber.
    """
    if not may_decide(by, by.hospital_id):
        raise NotPermitted
    # Bookings before their visit: the order in which the mirror locks them.
    bookings = list(AppointmentBooking.objects.select_for_update().filter(appointment=appointment_id).order_by("uid"))
    own = Appointment.objects.for_user(by).defer("cal_raw_payload").filter(pk=appointment_id)
    visit: Appointment | None = own.select_for_update(of=("self",)).first()
    if visit is None:
        raise NotFound
    if visit.status == Appointment.Status.CANCELLED:
        raise VisitCancelled
    if visit.patient_id is not None:
        return visit
    patient = _patient_of(bookings)
    if patient is None:
        raise NoPatientWithNumber
    visit.patient_id, visit.patient_match = patient.pk, Appointment.PatientMatch.PHONE
    with changed_by(by):
        visit.save(update_fields=["patient_id", "patient_match"])
    record_access(
        by=by,
        action=AccessAction.DECIDED_VISIT,
        patient_id=visit.patient_id,
        object_kind="appointment",
        object_id=visit.pk,
        hospital_id=visit.hospital_id,
        reason="matched_by_phone",
    )
    return visit


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom to compare before an identity is confirmed: name and number as given with the booking, and the account's."""

    given: str
    account: str


def parties_of(visits: Sequence[Appointment]) -> dict[uuid.UUID, Parties]:
    """Of visits that belong to a patient and come with their people. One query."""
    booked = AppointmentBooking.objects.filter(uid__in=[visit.cal_booking_id for visit in visits])
    phones = dict(booked.values_list("uid", "attendee_phone")) if visits else {}
    return {
        visit.pk: Parties(
            _name_and_number(visit_name(visit), phones.get(visit.cal_booking_id)),
            _name_and_number(patient_name(visit.patient.user), visit.patient.user.phone),
        )
        for visit in visits
        if visit.patient is not None
    }


def _name_and_number(name: str, phone: str | None) -> str:
    return f"{name}, {display_phone(phone) if phone else _('no number')}"


def _patient_of(bookings: list[AppointmentBooking]) -> Patient | None:
    """Of the number that counts: the one given last."""
    ordered = chain(bookings) if bookings else []
    phone = next((one.attendee_phone for one in reversed(ordered) if one.attendee_at), None)
    if not phone:
        return None
    return Patient.objects.filter(user__phone=phone, user__role=Role.PATIENT, user__is_active=True).first()
