"""Where a prescription may move: the rules the database's trigger holds, told before it has to refuse."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from clinical.models import Prescription
from clinical.refusals import NotClaimed, NotTheirs
from core.refusals import NotFound

UNDO_WINDOW = dt.timedelta(minutes=5)
# A colleague may have gone home with it.
TAKE_OVER_AFTER = dt.timedelta(minutes=30)
MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        ("PENDING", "APPROVED"),
        ("PENDING", "DENIED"),
        ("APPROVED", "DENIED"),
        ("APPROVED", "COMPLETED"),
        ("COMPLETED", "APPROVED"),
    }
)
OPEN = frozenset({"PENDING", "APPROVED"})
# Reasons that only the prescriber or the system gives.
NOT_A_PHARMACISTS_REASONS = frozenset({"withdrawn", "expired"})


def can_move(before: str, after: str) -> bool:
    return (before, after) in MOVES


def undo_ends_at(completed_at: dt.datetime) -> dt.datetime:
    return completed_at + UNDO_WINDOW


def can_undo(*, status: str, completed_at: dt.datetime | None, at: dt.datetime) -> bool:
    return status == "COMPLETED" and completed_at is not None and at <= undo_ends_at(completed_at)


def can_take_over(*, claimed_at: dt.datetime | None, at: dt.datetime) -> bool:
    return claimed_at is None or at >= claimed_at + TAKE_OVER_AFTER


def locked(prescription_id: uuid.UUID, by: User, permission: Permission) -> Prescription:
    """The row, locked, if this person may see it. Raises: NotPermitted, NotFound."""
    require(by, permission)
    visible = Prescription.objects.for_user(by).filter(pk=prescription_id)
    prescription: Prescription | None = visible.select_for_update(of=("self",)).first()
    if prescription is None:
        raise NotFound
    return prescription


def locked_own(prescription_id: uuid.UUID, by: User) -> Prescription:
    """The row of a prescription that this doctor wrote. Raises: NotPermitted, NotFound, NotTheirs."""
    prescription = locked(prescription_id, by, Permission.TREAT_PATIENTS)
    if prescription.doctor_id != by.pk:
        raise NotTheirs
    return prescription


def locked_claimed(prescription_id: uuid.UUID, by: User) -> Prescription:
    """The row of a prescription that this pharmacist holds.

    Raises: NotPermitted, NotFound, NotClaimed, NotTheirs.
    """
    prescription = locked(prescription_id, by, Permission.DISPENSE)
    if prescription.pharmacist_id is None:
        raise NotClaimed
    if prescription.pharmacist_id != by.pk:
        raise NotTheirs
    return prescription


def record_change(by: User, action: AccessAction, prescription: Prescription, *, reason: str = "") -> None:
    record_access(
        by=by,
        action=action,
        patient_id=prescription.patient_id,
        object_kind="prescription",
        object_id=prescription.pk,
        hospital_id=prescription.hospital_id,
        reason=reason,
    )
