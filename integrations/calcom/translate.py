"""What Cal.com says, as facts about uids. The table of triggers is in `docs/integrations/calcom.md`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from clinical.booking_facts import ACCEPTED, CANCELLED, PENDING, REJECTED, RESCHEDULE_REQUESTED, BookingFacts
from integrations.calcom.payloads import Booking
from integrations.calcom.phones import booking_phone, event_phone
from integrations.calcom.reference import read_reference
from integrations.calcom.webhook_payloads import BookingEventPayload, WebhookEvent

# Newer builds put this before a host's reason for asking the patient to choose another time.
REQUEST_PREFIX = "Please reschedule."

_STATUS_OF_TRIGGER = {
    "BOOKING_CREATED": ACCEPTED,
    "BOOKING_REQUESTED": PENDING,
    "BOOKING_RESCHEDULED": ACCEPTED,
    "BOOKING_CANCELLED": CANCELLED,
    "BOOKING_REJECTED": REJECTED,
}


@dataclass(frozen=True, slots=True)
class Absence:
    """Out of office that somebody entered in Cal.com. Hours are kept here, so it is drift to show, not to apply."""

    cal_user_id: int
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Translation:
    """`note` says why there is nothing to apply, for the person who reads the stored webhook.

    `lookups` are uids to ask Cal.com about, whether or not there are facts: the event does not say enough.
    """

    facts: Sequence[BookingFacts] = ()
    note: str = ""
    lookups: Sequence[str] = ()
    absence: Absence | None = None


def translate_event(event: WebhookEvent, *, digest: str, received_at: dt.datetime) -> Translation:
    """The facts of one verified webhook. Raises: pydantic.ValidationError for a booking event that cannot be read."""
    trigger = event.trigger_event
    at = event.created_at or received_at
    if trigger == "BOOKING_NO_SHOW_UPDATED":
        mark = event.no_show()
        no_show = next((one.no_show for one in mark.attendees if one.no_show is not None), None)
        return Translation([BookingFacts(mark.booking_uid, at, digest, booking_id=mark.booking_id, no_show=no_show)])
    if trigger not in _STATUS_OF_TRIGGER:
        return Translation(note=f"{trigger or 'An event without a trigger'}: recorded, nothing to apply.")
    payload = event.booking()
    if payload.uid is None:
        return Translation(note=f"{trigger} without a uid: recorded, nothing to apply.")
    if trigger == "BOOKING_CANCELLED" and payload.attendee_seat_id:
        return Translation(note="One seat was given back: the visit stays.")
    return Translation(_booking_facts(trigger, payload, payload.uid, at, digest))


def _booking_facts(
    trigger: str, payload: BookingEventPayload, uid: str, at: dt.datetime, digest: str
) -> list[BookingFacts]:
    reference = read_reference(payload.metadata, settings.BOOKING_REFERENCE_KEYS)
    facts = BookingFacts(
        uid,
        at,
        digest,
        booking_id=payload.booking_id,
        status=_STATUS_OF_TRIGGER[trigger],
        cancellation_reason=_reason(trigger, payload),
        start=payload.start,
        end=payload.end,
        organizer_id=payload.organizer_id,
        organizer_email=payload.organizer.email if payload.organizer else None,
        attendee_name=payload.attendees[0].name if payload.attendees else None,
        phone=event_phone(payload),
        patient_id=reference.patient_id if reference else None,
    )
    old_uid = payload.reschedule_uid
    if trigger not in {"BOOKING_RESCHEDULED", "BOOKING_REQUESTED"} or not old_uid or old_uid == uid:
        return [facts]
    old = BookingFacts(
        old_uid,
        at,
        digest,
        booking_id=payload.reschedule_id,
        status=CANCELLED,
        start=payload.reschedule_start,
        end=payload.reschedule_end,
        rescheduled_to=uid,
    )
    return [replace(facts, rescheduled_from=old_uid), old]


def _reason(trigger: str, payload: BookingEventPayload) -> str | None:
    if trigger == "BOOKING_REJECTED":
        return payload.rejection_reason or None
    if trigger != "BOOKING_CANCELLED":
        return None  # on a moved booking this field holds the reason of the move
    if payload.request_reschedule or payload.cancellation_reason.startswith(REQUEST_PREFIX):
        return RESCHEDULE_REQUESTED
    return payload.cancellation_reason or None


def translate_booking(booking: Booking, *, digest: str, fetched_at: dt.datetime) -> list[BookingFacts]:
    """The facts of a booking that the API gave, true when Cal.com last changed it."""
    at = booking.updated_at or booking.created_at or fetched_at
    reference = read_reference(booking.metadata, settings.BOOKING_REFERENCE_KEYS)
    host = booking.hosts[0] if booking.hosts else None
    booker = booking.attendees[0] if booking.attendees else None
    is_final = booking.status in {CANCELLED, REJECTED}
    return [
        BookingFacts(
            booking.uid,
            at,
            digest,
            booking_id=booking.id,
            status=booking.status if booking.status != "unknown" else None,
            is_fetched=True,
            cancellation_reason=(booking.cancellation_reason or None) if is_final else None,
            start=booking.start,
            end=booking.end,
            organizer_id=host.id if host else None,
            organizer_email=host.email if host else None,
            attendee_name=booker.name if booker else None,
            phone=booking_phone(booking),
            patient_id=reference.patient_id if reference else None,
            no_show=booker.absent if booker else None,
            rescheduled_from=booking.rescheduled_from_uid,
            rescheduled_to=booking.rescheduled_to_uid,
        )
    ]
