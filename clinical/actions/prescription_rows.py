"""Taking a prescription's row for a change, and putting the change on record."""

from __future__ import annotations

import uuid

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.actions.refusals import NotClaimed, NotFound, NotPermitted, NotTheirs
from clinical.models import Prescription


def locked(prescription_id: uuid.UUID, by: User, permission: Permission) -> Prescription:
    """The row, locked, if this person may see it. Raises: NotPermitted, NotFound."""
    if not has_permission(by, permission):
        raise NotPermitted
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
