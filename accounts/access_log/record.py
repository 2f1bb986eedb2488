"""The access log: one row for each record a person opens or changes, in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

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
    READ_ACCESS_LOG = "read_access_log"
    PRESCRIBED = "prescribed"
    WITHDREW_PRESCRIPTION = "withdrew_prescription"
    DISMISSED_PRESCRIPTION = "dismissed_prescription"
    CLAIMED_PRESCRIPTION = "claimed_prescription"
    RELEASED_PRESCRIPTION = "released_prescription"
    APPROVED_PRESCRIPTION = "approved_prescription"
    DENIED_PRESCRIPTION = "denied_prescription"
    DISPENSED_PRESCRIPTION = "dispensed_prescription"
    UNDID_DISPENSING = "undid_dispensing"
    TOOK_OVER_PRESCRIPTION = "took_over_prescription"
    EXPIRED_PRESCRIPTION = "expired_prescription"
    ASKED_PRESCRIBER = "asked_prescriber"
    ANSWERED_PHARMACIST = "answered_pharmacist"
    MARKED_VISIT = "marked_visit"
    CONFIRMED_IDENTITY = "confirmed_identity"
    WITHDREW_IDENTITY = "withdrew_identity"
    REQUESTED_BOOKING = "requested_booking"
    WITHDREW_BOOKING = "withdrew_booking"
    CHANGED_HOURS = "changed_hours"
    PUSHED_HOURS = "pushed_hours"
    CONNECTED_DOCTOR = "connected_doctor"
    CHANGED_STAFF = "changed_staff"
    CHANGED_HOSPITAL = "changed_hospital"
    CHANGED_PROFILE = "changed_profile"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_FAILED = "sign_in_failed"
    LOCKED_OUT = "locked_out"
    RELEASED_LOCKOUT = "released_lockout"
    CHANGED_PASSWORD = "changed_password"
    CHANGED_PHONE = "changed_phone"
    STEPPED_UP = "stepped_up"
    STEP_UP_LOCKED = "step_up_locked"
    RELEASED_STEP_UP = "released_step_up"
    SENT_PASSWORD_LINK = "sent_password_link"
    ADDED_SECOND_FACTOR = "added_second_factor"
    REMOVED_SECOND_FACTOR = "removed_second_factor"
    RENEWED_RECOVERY_CODES = "renewed_recovery_codes"
    REPLAYED_WEBHOOK = "replayed_webhook"
    BROKE_GLASS = "broke_glass"
    ENDED_BREAK_GLASS = "ended_break_glass"
    LISTED_UNDER_BREAK_GLASS = "listed_under_break_glass"
    OPENED_VISIT = "opened_visit"
    OPENED_AI_SESSION = "opened_ai_session"
    STARTED_AI_SESSION = "started_ai_session"
    ENDED_AI_SESSION = "ended_ai_session"
    DECIDED_VISIT = "decided_visit"
    ASKED_ERASURE = "asked_erasure"
    WITHDREW_ERASURE = "withdrew_erasure"
    APPROVED_ERASURE = "approved_erasure"
    ERASED = "erased"


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
    event = _event(by=by, action=action, object_kind=object_kind, hospital_id=hospital_id, reason=reason)
    event.patient_id, event.object_id = patient_id, str(object_id)
    event.save(force_insert=True)


def record_list(*, by: User, action: AccessAction, records: Iterable[Any], object_kind: str, reason: str = "") -> None:
    """One row for each patient and hospital of the records that were shown; one in all where none were."""
    shown = list(dict.fromkeys((record.patient_id, record.hospital_id) for record in records)) or [(None, None)]
    events = []
    for patient_id, hospital_id in shown:
        event = _event(by=by, action=action, object_kind=object_kind, hospital_id=hospital_id, reason=reason)
        event.patient_id = patient_id
        events.append(event)
    AccessEvent.objects.bulk_create(events)


def record_each(*, by: User | None, action: AccessAction, records: Iterable[tuple[Any, str]], object_kind: str) -> None:
    """One row for each of many records that were changed at once, with its reason."""
    events = []
    for record, reason in records:
        event = _event(by=by, action=action, object_kind=object_kind, hospital_id=record.hospital_id, reason=reason)
        event.patient_id, event.object_id = record.patient_id, str(record.pk)
        events.append(event)
    AccessEvent.objects.bulk_create(events)


def _event(
    *, by: User | None, action: AccessAction, object_kind: str, hospital_id: uuid.UUID | None, reason: str
) -> AccessEvent:
    surface = current_surface.get()
    return AccessEvent(
        actor_id=by.pk if by else None,
        actor_role=(by.role or "OPERATOR") if by else "SYSTEM",
        action=action,
        object_kind=object_kind,
        hospital_id=hospital_id or (by.hospital_id if by else None),
        surface=surface.name,
        address=surface.address,
        reason=reason,
    )
