"""Applies stored webhooks. PENDING rows are the queue; a wake-up or the sweep calls this."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import partial

import orjson
import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from pydantic import ValidationError

from clinical.actions.mirror import UnknownDoctor, apply_booking_facts
from integrations.calcom.bookings import forget_slots
from integrations.calcom.doctors import doctor_of
from integrations.calcom.translate import translate_event
from integrations.calcom.webhook_payloads import WebhookEvent
from integrations.models import CalWebhook

log = structlog.get_logger(__name__)

BATCH = 50
MAX_TRIES = 6
FIRST_RETRY = dt.timedelta(seconds=10)

UNKNOWN_DOCTOR_NOTE = (
    "The booking's organizer is no doctor here. Connect the doctor to Cal.com; this webhook is then taken up again."
)
UNREADABLE_NOTE = "The booking in this webhook cannot be read: {fields}. Replay it when the program understands it."


def process_pending_webhooks(*, at: dt.datetime, limit: int = BATCH) -> int:
    """Claim up to `limit` due webhooks and apply them, oldest first. Returns how many were claimed.

    Several workers may run this at once: rows are locked, and those locked by another are passed over. A worker that
    dies gives its rows back with its transaction.
    """
    with transaction.atomic():
        due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)
        rows = (
            CalWebhook.objects.select_for_update(skip_locked=True)
            .filter(due, status=CalWebhook.Status.PENDING)
            .order_by("pk")[:limit]
        )
        claimed = list(rows)
        for row in claimed:
            _process(row, at)
        CalWebhook.objects.bulk_update(claimed, ["status", "processed_at", "notes", "tries", "next_try_at"])
    return len(claimed)


def retry_unknown_doctors(*, at: dt.datetime) -> int:
    """Make pending again what failed because its doctor was not known: called when a doctor is linked."""
    return CalWebhook.objects.filter(status=CalWebhook.Status.FAILED, notes=UNKNOWN_DOCTOR_NOTE).update(
        status=CalWebhook.Status.PENDING, next_try_at=None, tries=0
    )


def _process(row: CalWebhook, at: dt.datetime) -> None:
    row.tries += 1
    try:
        # A savepoint: what one webhook breaks must not undo its neighbours.
        with transaction.atomic():
            note = _apply(row, at)
    except UnknownDoctor:
        _finish(row, CalWebhook.Status.FAILED, at, UNKNOWN_DOCTOR_NOTE)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        _finish(row, CalWebhook.Status.FAILED, at, UNREADABLE_NOTE.format(fields=fields))
    except DatabaseError as error:
        _retry_later(row, at, type(error).__name__)
    else:
        _finish(row, CalWebhook.Status.PROCESSED, at, note)


def _apply(row: CalWebhook, at: dt.datetime) -> str:
    event = WebhookEvent.model_validate(row.raw_webhook_body)
    digest = row.body_sha256 or hashlib.sha256(orjson.dumps(row.raw_webhook_body)).hexdigest()
    translation = translate_event(event, digest=digest, received_at=row.received_at)
    if not translation.facts:
        return translation.note
    applied = apply_booking_facts(facts=translation.facts, payload=dict(event.payload), doctor_of=doctor_of, at=at)
    if applied.appointment is None:
        return "Kept; the visit appears when its times and organizer are known."
    transaction.on_commit(partial(forget_slots, applied.appointment.doctor_id))
    return ""


def _finish(row: CalWebhook, status: str, at: dt.datetime, note: str) -> None:
    row.status, row.processed_at, row.notes, row.next_try_at = status, at, note or None, None
    log.info("calcom.webhook_processed", webhook=row.pk, status=status, tries=row.tries)


def _retry_later(row: CalWebhook, at: dt.datetime, error: str) -> None:
    if row.tries >= MAX_TRIES:
        _finish(row, CalWebhook.Status.FAILED, at, f"Gave up after {row.tries} tries ({error}). Replay it.")
        return
    row.next_try_at = at + FIRST_RETRY * 2 ** (row.tries - 1)
    row.notes = f"Try {row.tries} failed ({error}); next at {row.next_try_at:%Y-%m-%d %H:%M:%S} UTC."
    log.warning("calcom.webhook_retried", webhook=row.pk, tries=row.tries, error=error)
