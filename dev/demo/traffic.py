"""What came from the vendors and what was asked of them: webhooks, two of which failed, calls, and the pulls."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinical.models import AiSession, AppointmentBooking
from dev.demo.bookings import Bookings
from integrations.calcom.inbound.processing import IMPOSSIBLE_NOTE, UNKNOWN_DOCTOR_NOTE
from integrations.calcom.inbound.pull import EVERY, NIGHT_HOUR_UTC, OVERLAP, WINDOW_AFTER, WINDOW_BEFORE
from integrations.models import CalWebhook, SyncRun, VapiEvent

SINCE = dt.timedelta(days=3)
PULLS_FOR, NIGHTS = dt.timedelta(days=1), 14
REPORT = "end-of-call-report"
# Two bookings that could not be taken over, and how long ago each was told.
LOCUM = {"id": 990_001, "email": "locum@demo.wardbook.example", "name": "Dr. A. Locum"}
LOCUM_TOLD, IMPOSSIBLE_TOLD = dt.timedelta(hours=5), dt.timedelta(hours=29)


@dataclass(slots=True)
class Traffic:
    webhooks: list[CalWebhook] = field(default_factory=list)
    runs: list[SyncRun] = field(default_factory=list)
    calls: list[VapiEvent] = field(default_factory=list)


def build(bookings: Bookings, talks: Sequence[AiSession], *, at: dt.datetime) -> Traffic:
    told = [(moment, body) for booking in bookings.rows for moment, body in _news(booking) if moment > at - SINCE]
    webhooks = [_webhook(moment, body) for moment, body in told]
    newest = max(bookings.rows, key=lambda booking: booking.booking_id or 0)
    webhooks += _failed(newest, at=at)
    # The numbers say in which order they came.
    webhooks.sort(key=lambda webhook: webhook.received_at)
    runs = sorted([*_pulls(at), *_nightly(at)], key=lambda run: run.started_at)
    return Traffic(webhooks, runs, [_call(talk) for talk in talks if talk.source == "PHONE_CALL"])


def _news(booking: AppointmentBooking) -> Iterator[tuple[dt.datetime, dict[str, Any]]]:
    """What Cal.com told of the booking, as it would have written it."""
    created_at, changed_at = booking.created_at, booking.status_at
    if booking.rescheduled_from:
        yield created_at, _body("BOOKING_RESCHEDULED", booking, created_at, rescheduleUid=booking.rescheduled_from)
    else:
        trigger = "BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED"
        yield created_at, _body(trigger, booking, created_at)
    if booking.status in ("cancelled", "rejected") and not booking.rescheduled_to and changed_at:
        trigger = f"BOOKING_{booking.status.upper()}"
        yield changed_at, _body(trigger, booking, changed_at, cancellationReason=booking.cancellation_reason)


def _body(trigger: str, booking: AppointmentBooking, moment: dt.datetime, **more: Any) -> dict[str, Any]:
    assert booking.start_ts
    assert booking.end_ts
    payload = {
        "uid": booking.uid,
        "bookingId": booking.booking_id,
        "startTime": booking.start_ts.isoformat(),
        "endTime": booking.end_ts.isoformat(),
        "status": "PENDING" if trigger == "BOOKING_REQUESTED" else "ACCEPTED",
        "organizer": {"id": booking.organizer_id, "email": booking.organizer_email},
        "attendees": [{"name": booking.attendee_name, "phoneNumber": f"+{booking.attendee_phone}"}],
    }
    return {"triggerEvent": trigger, "createdAt": moment.isoformat(), "payload": payload | more}


def _webhook(moment: dt.datetime, body: dict[str, Any], *, note: str = "") -> CalWebhook:
    webhook = CalWebhook(
        raw_webhook_body=body,
        status=CalWebhook.Status.FAILED if note else CalWebhook.Status.PROCESSED,
        processed_at=moment + dt.timedelta(seconds=2),
        notes=note or None,
        body_sha256=hashlib.sha256(json.dumps(body).encode()).hexdigest(),
        trigger=body["triggerEvent"],
        booking_uid=body["payload"]["uid"],
        tries=1,
    )
    webhook.received_at = moment + dt.timedelta(seconds=1)
    return webhook


def _failed(like: AppointmentBooking, *, at: dt.datetime) -> Iterator[CalWebhook]:
    """A doctor whom nobody has connected, and a booking that ends before it starts."""
    failures: tuple[tuple[dt.timedelta, str, dict[str, Any]], ...] = (
        (LOCUM_TOLD, UNKNOWN_DOCTOR_NOTE, {"organizer": LOCUM}),
        (IMPOSSIBLE_TOLD, IMPOSSIBLE_NOTE, {"endTime": like.start_ts and like.start_ts.isoformat()}),
    )
    for number, (ago, note, change) in enumerate(failures):
        body = _body("BOOKING_CREATED", like, at - ago)
        uid = f"demoFailed{number}{like.uid}"[: len(like.uid)]
        body["payload"] |= {"uid": uid, "bookingId": (like.booking_id or 0) + 1 + number, **change}
        yield _webhook(at - ago, body, note=note)


def _pulls(at: dt.datetime) -> Iterator[SyncRun]:
    count = PULLS_FOR // EVERY
    for number in range(count):
        started_at = at - dt.timedelta(minutes=2) - number * EVERY
        repaired = {"status": 1} if number in (37, 151) else {}
        yield _run(SyncRun.Kind.UPDATED, started_at, started_at - EVERY - OVERLAP, started_at, number % 4, repaired)


def _nightly(at: dt.datetime) -> Iterator[SyncRun]:
    night = at.replace(hour=NIGHT_HOUR_UTC, minute=0, second=20, microsecond=0)
    last = night if night < at else night - dt.timedelta(days=1)
    for number in range(NIGHTS):
        started_at = last - dt.timedelta(days=number)
        window = started_at - WINDOW_BEFORE, started_at + WINDOW_AFTER
        repaired = {"no_show": 2} if number == 3 else {}
        yield _run(SyncRun.Kind.WINDOW, started_at, *window, 1150 + 13 * number, repaired)


def _run(
    kind: SyncRun.Kind,
    started_at: dt.datetime,
    first: dt.datetime,
    last: dt.datetime,
    seen: int,
    repaired: dict[str, int],
) -> SyncRun:
    return SyncRun(
        kind=kind,
        window_start=first,
        window_end=last,
        started_at=started_at,
        finished_at=started_at + dt.timedelta(milliseconds=240 + 3 * seen),
        seen=seen,
        repaired=repaired,
        reached_at=started_at if kind == SyncRun.Kind.UPDATED else last,
    )


def _call(talk: AiSession) -> VapiEvent:
    assert talk.ended_at
    received_at = talk.ended_at + dt.timedelta(seconds=8)
    return VapiEvent(
        event_type=REPORT,
        call_id=talk.vapi_session_id,
        projection={},
        body_sha256=hashlib.sha256(str(talk.pk).encode()).hexdigest(),
        status=CalWebhook.Status.PROCESSED,
        received_at=received_at,
        processed_at=received_at + dt.timedelta(seconds=1),
        tries=1,
    )
