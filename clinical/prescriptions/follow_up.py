"""Prescriptions that ended without being dispensed, until their prescriber has dealt with them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.access_log.record import AccessAction
from accounts.models import User
from clinical.models import Prescription
from clinical.prescriptions.states import locked_own, record_change
from clinical.refusals import WrongState

Status = Prescription.Status
Reason = Prescription.DenialReason
# As long as a prescription lives: what ended before that is no longer of use.
SHOWN_FOR = dt.timedelta(days=90)


def unsettled_prescriptions(user: User, *, at: dt.datetime) -> QuerySet[Any]:
    """The doctor's own that the pharmacy rejected or that expired, neither amended nor dismissed; the latest first."""
    rows: QuerySet[Any] = (
        Prescription.objects.filter(
            Q(hospital_id=user.hospital_id),
            doctor_id=user.pk,
            status=Status.DENIED,
            acknowledged_at__isnull=True,
            decided_at__gt=at - SHOWN_FOR,
        )
        .exclude(denial_reason=Reason.WITHDRAWN)
        .select_related("patient__user__profile")
        .order_by("-decided_at", "pk")
    )
    return rows


def is_unsettled(prescription: Prescription) -> bool:
    is_ended = prescription.status == Status.DENIED and prescription.denial_reason != Reason.WITHDRAWN
    return is_ended and prescription.acknowledged_at is None


@transaction.atomic
def dismiss_prescription(*, prescription_id: uuid.UUID, by: User, at: dt.datetime) -> Prescription:
    """The prescriber has read that it was rejected or expired. Doing it again changes nothing.

    Raises: NotFound, NotPermitted, NotTheirs, WrongState.
    """
    prescription = _ended(prescription_id, by)
    if prescription.acknowledged_at is None:
        _acknowledge(prescription, at)
        record_change(by, AccessAction.DISMISSED_PRESCRIPTION, prescription)
    return prescription


@transaction.atomic
def undo_dismissal(*, prescription_id: uuid.UUID, by: User) -> Prescription:
    """Show it on the prescriber's day again. Raises: NotFound, NotPermitted, NotTheirs, WrongState."""
    prescription = _ended(prescription_id, by)
    if prescription.acknowledged_at is not None:
        _acknowledge(prescription, None)
        record_change(by, AccessAction.DISMISSED_PRESCRIPTION, prescription, reason="undone")
    return prescription


def settle_repeated(prescription_id: uuid.UUID, *, by: User, patient_id: uuid.UUID, at: dt.datetime) -> None:
    """Another prescription takes its place: it need not be shown any more. One that did not end is left alone."""
    ended = Prescription.objects.filter(pk=prescription_id, doctor_id=by.pk, patient_id=patient_id)
    ended.filter(status=Status.DENIED, acknowledged_at__isnull=True).update(acknowledged_at=at)


def _ended(prescription_id: uuid.UUID, by: User) -> Prescription:
    prescription = locked_own(prescription_id, by)
    if prescription.status != Status.DENIED or prescription.denial_reason == Reason.WITHDRAWN:
        raise WrongState
    return prescription


def _acknowledge(prescription: Prescription, at: dt.datetime | None) -> None:
    prescription.acknowledged_at = at
    prescription.save(update_fields=["acknowledged_at"])
