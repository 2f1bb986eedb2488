"""The access log: one row for each record a person opens or changes, in the same transaction."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.models import AccessEvent

if TYPE_CHECKING:
    from accounts.models import User


class AccessAction(StrEnum):
    OPENED_PATIENT = "opened_patient"
    OPENED_TRANSCRIPT = "opened_transcript"
    OPENED_PRESCRIPTION = "opened_prescription"
    SEARCHED_PATIENTS = "searched_patients"
    PRINTED = "printed"
    EXPORTED = "exported"
    PRESCRIBED = "prescribed"
    WITHDREW_PRESCRIPTION = "withdrew_prescription"
    CLAIMED_PRESCRIPTION = "claimed_prescription"
    RELEASED_PRESCRIPTION = "released_prescription"
    APPROVED_PRESCRIPTION = "approved_prescription"
    DENIED_PRESCRIPTION = "denied_prescription"
    DISPENSED_PRESCRIPTION = "dispensed_prescription"
    UNDID_DISPENSING = "undid_dispensing"
    ASKED_PRESCRIBER = "asked_prescriber"
    ANSWERED_PHARMACIST = "answered_pharmacist"
    MARKED_VISIT = "marked_visit"
    CONFIRMED_IDENTITY = "confirmed_identity"
    REQUESTED_BOOKING = "requested_booking"
    CHANGED_HOURS = "changed_hours"
    CHANGED_STAFF = "changed_staff"
    CHANGED_HOSPITAL = "changed_hospital"
    CHANGED_PROFILE = "changed_profile"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    CHANGED_PASSWORD = "changed_password"
    REPLAYED_WEBHOOK = "replayed_webhook"


@dataclass(frozen=True, slots=True)
class Surface:
    """Where a request came from: `api`, `staff`, `admin` or `worker`, and the client's address."""

    name: str
    address: str | None


# Set by the middleware for each request, so that actions need not carry it.
_WORKER = Surface("worker", None)
current_surface: ContextVar[Surface] = ContextVar("current_surface", default=_WORKER)


def record_access(
    *,
    by: User | None,
    action: AccessAction,
    patient_id: uuid.UUID | None = None,
    object_kind: str = "",
    object_id: uuid.UUID | str = "",
    hospital_id: uuid.UUID | None = None,
    reason: str = "",
) -> None:
    surface = current_surface.get()
    AccessEvent.objects.create(
        actor_id=by.pk if by else None,
        actor_role=(by.role or "OPERATOR") if by else "SYSTEM",
        action=action,
        patient_id=patient_id,
        object_kind=object_kind,
        object_id=str(object_id),
        hospital_id=hospital_id or (by.hospital_id if by else None),
        surface=surface.name,
        address=surface.address,
        reason=reason,
    )
