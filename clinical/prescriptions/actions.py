"""What doctors and pharmacists do to prescriptions. The database's trigger holds the moves themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.access_log.record import AccessAction, record_each
from accounts.models import Patient, User
from accounts.permissions import Permission, has_permission
from clinical.models import Prescription, PrescriptionMessage
from clinical.prescriptions.follow_up import settle_repeated
from clinical.prescriptions.medications import Medication, as_json
from clinical.prescriptions.states import (
    NOT_A_PHARMACISTS_REASONS,
    OPEN,
    can_move,
    can_take_over,
    can_undo,
    locked,
    locked_claimed,
    locked_own,
    record_change,
)
from clinical.querysets import is_record_open
from clinical.refusals import (
    AlreadyClaimed,
    LinesDoNotMatch,
    NotClaimed,
    ReasonMissing,
    RecordNotOpen,
    TakenTooRecently,
    TakeOverReasonMissing,
    UndoWindowPassed,
    WrongState,
    translated_rules,
)
from core.refusals import NotFound, NotPermitted, PersonErased
from hospitals.models import Doctor, Pharmacist

Status = Prescription.Status
Reason = Prescription.DenialReason
_CHANGING = (
    "status", "pharmacist", "claimed_at", "take_over_reason", "decided_at", "denial_reason", "denial_note",
    "dispensed_lines",
)  # fmt: skip
# Prescriptions that end in one run.
BATCH = 500


@dataclass(frozen=True, slots=True)
class DispensedLine:
    """What was handed out for one medication, in the prescription's order."""

    quantity: int
    batch: str


@transaction.atomic
def prescribe(
    *,
    by: User,
    patient_id: uuid.UUID,
    medications: Sequence[Medication],
    at: dt.datetime,
    prescription_id: uuid.UUID | None = None,
    confirmed: Sequence[int] = (),
    repeats: uuid.UUID | None = None,
) -> Prescription:
    """Write a prescription for a patient whose record is open to this doctor.

    `prescription_id` is the form's own: sending the same form twice gives the one prescription. `confirmed` are the
    lines, from 1, that the doctor was warned of and prescribed all the same. `repeats` is the earlier prescription that
    this one takes the place of: where it was rejected or expired, that is settled.

    Raises: NotPermitted, RecordNotOpen, PersonErased, NotFound.
    """
    # Locked, so that a move to another hospital waits, and two copies of a form come one after the other.
    own = Doctor.objects.for_user(by).filter(pk=by.pk)
    doctor = own.select_for_update(of=("self",), no_key=True).first()
    if doctor is None or not has_permission(by, Permission.TREAT_PATIENTS, hospital=doctor.hospital_id):
        raise NotPermitted
    if not is_record_open(by, patient_id):
        raise RecordNotOpen
    # Locked, so that an erasure that is being decided waits, or is waited for.
    if Patient.objects.select_for_update(no_key=True).get(pk=patient_id).erased_at is not None:
        raise PersonErased
    known: Prescription | None = None
    if prescription_id:
        known = Prescription.objects.filter(pk=prescription_id).first()
    if known is not None:
        if (known.doctor_id, known.patient_id) != (by.pk, patient_id):
            raise NotFound
        return known
    own_id = {"pk": prescription_id} if prescription_id else {}
    prescription = Prescription.objects.create(
        **own_id,
        patient_id=patient_id,
        doctor=doctor,
        hospital_id=doctor.hospital_id,
        medications=as_json(medications),
        confirmed_duplicates=list(confirmed) or None,
    )
    warned = f"duplicate_confirmed: {', '.join(map(str, confirmed))}" if confirmed else ""
    record_change(by, AccessAction.PRESCRIBED, prescription, reason=warned)
    if repeats:
        settle_repeated(repeats, by=by, patient_id=patient_id, at=at)
    return prescription


@transaction.atomic
def withdraw_prescription(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """The prescriber takes back what is not yet dispensed.

    Raises: NotFound, NotPermitted, NotTheirs, WrongState.
    """
    prescription = locked_own(prescription_id, by)
    prescription.denial_reason = Reason.WITHDRAWN
    _move(prescription, Status.DENIED, at=at)
    record_change(by, AccessAction.WITHDREW_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def claim_prescription(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """Take an open prescription. Of several who try at once, one succeeds; again by the same changes nothing.

    Raises: NotFound, NotPermitted, WrongState, AlreadyClaimed (with the holder's name).
    """
    prescription = locked(prescription_id, by, Permission.DISPENSE)
    if prescription.status not in OPEN:
        raise WrongState
    if prescription.pharmacist_id == by.pk:
        return prescription
    if prescription.pharmacist_id is not None:
        holder = Pharmacist.objects.with_names().get(pk=prescription.pharmacist_id)
        raise AlreadyClaimed(holder.full_name)
    prescription.pharmacist_id, prescription.claimed_at, prescription.take_over_reason = by.pk, at, None
    _save(prescription)
    record_change(by, AccessAction.CLAIMED_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def release_prescription(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """Hand back what one has claimed, approved or not, for a colleague to take.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState.
    """
    prescription = locked_claimed(prescription_id, by)
    if prescription.status not in OPEN:
        raise WrongState
    prescription.pharmacist_id = prescription.claimed_at = prescription.take_over_reason = None
    _save(prescription)
    record_change(by, AccessAction.RELEASED_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def approve_prescription(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState."""
    prescription = locked_claimed(prescription_id, by)
    # COMPLETED to APPROVED is a move too, but one that only `undo_dispensing` makes.
    if prescription.status != Status.PENDING:
        raise WrongState
    _move(prescription, Status.APPROVED, at=at)
    record_change(by, AccessAction.APPROVED_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def deny_prescription(
    *, prescription_id: uuid.UUID, by: User, reason: str, note: str = "", at: dt.datetime
) -> Prescription:
    """`reason` is a `DenialReason` of a pharmacist; `other` needs a note.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState, ReasonMissing.
    """
    prescription = locked_claimed(prescription_id, by)
    if reason in NOT_A_PHARMACISTS_REASONS or reason not in Reason.values:
        raise ReasonMissing
    prescription.denial_reason, prescription.denial_note = reason, note.strip() or None
    _move(prescription, Status.DENIED, at=at)
    record_change(by, AccessAction.DENIED_PRESCRIPTION, prescription, reason=reason)
    return prescription


@transaction.atomic
def dispense_prescription(
    *, prescription_id: uuid.UUID, by: User, lines: Sequence[DispensedLine], at: dt.datetime
) -> Prescription:
    """Hand out an approved prescription; one line for each medication, in order.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState, LinesDoNotMatch.
    """
    prescription = locked_claimed(prescription_id, by)
    complete = all(line.quantity > 0 and line.batch.strip() for line in lines)
    if not complete or len(lines) != len(prescription.medications):
        raise LinesDoNotMatch
    prescription.dispensed_lines = [{"quantity": one.quantity, "batch": one.batch.strip()} for one in lines]
    _move(prescription, Status.COMPLETED, at=at)
    record_change(by, AccessAction.DISPENSED_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def undo_dispensing(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """Take back a dispensing of one's own within 5 minutes; the database's clock has the last word.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState, UndoWindowPassed.
    """
    prescription = locked_claimed(prescription_id, by)
    if prescription.status != Status.COMPLETED:
        raise WrongState
    if not can_undo(status=prescription.status, completed_at=prescription.completed_at, at=at):
        raise UndoWindowPassed
    prescription.dispensed_lines = None
    # The approval stands as it was decided: only the state moves.
    _move(prescription, Status.APPROVED, at=prescription.decided_at or at)
    record_change(by, AccessAction.UNDID_DISPENSING, prescription)
    return prescription


def _move(prescription: Prescription, status: str, *, at: dt.datetime) -> None:
    """Set the state; an approval or a denial is a decision, and says when."""
    if not can_move(prescription.status, status):
        raise WrongState
    prescription.status = status
    if status != Status.COMPLETED:
        prescription.decided_at = at
    _save(prescription)


def _save(prescription: Prescription) -> None:
    with translated_rules():
        prescription.save(update_fields=_CHANGING)
    # The trigger sets these by the database's clock.
    prescription.refresh_from_db(fields=["updated_at", "completed_at"])


@transaction.atomic
def ask_prescriber(*, prescription_id: uuid.UUID, by: User, text: str, at: dt.datetime) -> PrescriptionMessage:
    """A question of the pharmacist who has claimed the prescription.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState.
    """
    prescription = locked_claimed(prescription_id, by)
    return _write(prescription, by, text, AccessAction.ASKED_PRESCRIBER, at)


@transaction.atomic
def answer_pharmacist(*, prescription_id: uuid.UUID, by: User, text: str, at: dt.datetime) -> PrescriptionMessage:
    """An answer of the prescriber. Raises: NotFound, NotPermitted, NotTheirs, WrongState."""
    prescription = locked_own(prescription_id, by)
    return _write(prescription, by, text, AccessAction.ANSWERED_PHARMACIST, at)


def _write(
    prescription: Prescription, by: User, text: str, action: AccessAction, at: dt.datetime
) -> PrescriptionMessage:
    if prescription.status not in OPEN:
        raise WrongState
    message = PrescriptionMessage.objects.create(prescription=prescription, author=by, body=text.strip(), created_at=at)
    record_change(by, action, prescription)
    return message


@transaction.atomic
def take_over_prescription(*, prescription_id: uuid.UUID, by: User, reason: str, at: dt.datetime) -> Prescription:
    """Take an open prescription from the colleague who has had it for 30 minutes. One's own: no change.

    Raises: NotFound, NotPermitted, WrongState, NotClaimed, TakenTooRecently, TakeOverReasonMissing.
    """
    prescription = locked(prescription_id, by, Permission.DISPENSE)
    if prescription.status not in OPEN:
        raise WrongState
    if prescription.pharmacist_id is None:
        raise NotClaimed
    if prescription.pharmacist_id == by.pk:
        return prescription
    if not can_take_over(claimed_at=prescription.claimed_at, at=at):
        raise TakenTooRecently
    if not reason.strip():
        raise TakeOverReasonMissing
    prescription.pharmacist_id, prescription.claimed_at, prescription.take_over_reason = by.pk, at, reason.strip()
    prescription.save(update_fields=["pharmacist", "claimed_at", "take_over_reason"])
    record_change(by, AccessAction.TOOK_OVER_PRESCRIPTION, prescription, reason=prescription.take_over_reason)
    return prescription


@transaction.atomic
def expire_prescriptions(*, at: dt.datetime) -> int:
    """End what was neither denied nor dispensed in time; the number of prescriptions. Run until it is zero.

    The prescriber is told on their day page (`clinical.agenda.doctor_day`).
    """
    stale = Prescription.objects.filter(status__in=OPEN, created_at__lte=at - settings.PRESCRIPTION_LIFETIME)
    rows = list(stale.select_for_update(skip_locked=True, of=("self",)).order_by("created_at", "pk")[:BATCH])
    Prescription.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=Prescription.Status.DENIED, denial_reason=Prescription.DenialReason.EXPIRED, decided_at=at
    )
    record_each(
        by=None,
        action=AccessAction.EXPIRED_PRESCRIPTION,
        records=[(row, "") for row in rows],
        object_kind="prescription",
    )
    return len(rows)
