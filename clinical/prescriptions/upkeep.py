"""What keeps the pharmacy's queue moving: taking over what lies with a colleague, and ending what nobody fetched."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction

from accounts.access_log.record import AccessAction, record_each
from accounts.models import User
from accounts.permissions import Permission
from clinical.models import Prescription
from clinical.prescriptions.states import OPEN, can_take_over, locked, record_change
from clinical.refusals import NotClaimed, TakenTooRecently, TakeOverReasonMissing, WrongState

# Prescriptions that end in one run.
BATCH = 500


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
    prescription.pharmacist_id, prescription.claimed_at = by.pk, at
    prescription.save(update_fields=["pharmacist", "claimed_at"])
    record_change(by, AccessAction.TOOK_OVER_PRESCRIPTION, prescription, reason=reason.strip())
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
