"""Applies stored webhooks. PENDING rows are the queue; a wake-up or the sweep calls this."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from pydantic import ValidationError

from clinical.mirror.apply import Applied, BookingEvent, UnknownDoctor, apply_booking_events
from clinical.models import AppointmentBooking
from core.db.bulk import update_all
from integrations.calcom.bookings.no_shows import without_echoes
from integrations.calcom.bookings.provider import forget_slots
from integrations.calcom.facts.people import doctors_of, note_absence
from integrations.calcom.facts.translate import ImpossibleTimes, Translation, translate_event
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from integrations.calcom.inbound.lookups import queue_lookups
from integrations.calcom.inbound.replay import scrub_bodies, uid_of
from integrations.calcom.inbound.settle_requests import News, settle_requests
from integrations.models import CalWebhook

log = structlog.get_logger(__name__)

# Some hundred share the cost of a statement and a commit, and hold their visits for a fraction of a second.
BATCH = 500
MAX_TRIES = 6
FIRST_RETRY = dt.timedelta(seconds=10)

UNKNOWN_DOCTOR_NOTE = (
    "The booking's organizer is no doctor here. Connect the doctor to Cal.com; this webhook is then taken up again."
)
UNREADABLE_NOTE = "The booking in this webhook cannot be read: {fields}. Replay it when the program understands it."
IMPOSSIBLE_NOTE = (
    "The booking ends before it starts, or as it starts: nothing was changed here. Correct its times in Cal.com."
)
LOOKUP_REASON = "webhook"
INCOMPLETE_NOTE = "Kept; the visit appears when its times and organizer are known."


@dataclass(slots=True)
class _Row:
    """A claimed row of `cal_webhooks`, and what becomes of it."""

    id: int
    text: str
    body_sha256: str | None
    received_at: dt.datetime
    tries: int
    notes: str | None
    status: str = CalWebhook.Status.PENDING
    processed_at: dt.datetime | None = None
    next_try_at: dt.datetime | None = None
    booking_uid: str | None = None


_RESULTS = ("id", "status", "processed_at", "notes", "tries", "next_try_at", "booking_uid")


@dataclass(frozen=True, slots=True)
class _Read:
    """A claimed webhook and what it says, at the time it was said."""

    row: _Row
    translation: Translation
    payload: dict[str, Any]
    at: dt.datetime


def process_webhooks(*, at: dt.datetime, limit: int = BATCH) -> int:
    """Claim up to `limit` due webhooks and apply them, oldest first. Returns how many were claimed.

    Several workers may run this at once: rows are locked, and those locked by another are passed over. A worker that
    dies gives its rows back with its transaction.
    """
    with transaction.atomic():
        claimed = _claim(at, limit)
        _apply(_that_count([read for row in claimed if (read := _read(row, at))]), at)
        update_all(CalWebhook, _RESULTS[1:], [{name: getattr(row, name) for name in _RESULTS} for row in claimed])
        _scrub_erased(claimed, at)
    if claimed:
        log.info("calcom.webhooks_processed", **Counter(str(row.status) for row in claimed))
    return len(claimed)


def retry_unknown_doctors(*, at: dt.datetime) -> int:
    """Make pending again what failed because its doctor was not known: called when a doctor is linked."""
    return CalWebhook.objects.filter(status=CalWebhook.Status.FAILED, notes=UNKNOWN_DOCTOR_NOTE).update(
        status=CalWebhook.Status.PENDING, next_try_at=None, tries=0
    )


def _claim(at: dt.datetime, limit: int) -> Sequence[_Row]:
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)
    rows = (
        CalWebhook.objects.select_for_update(skip_locked=True)
        .filter(due, status=CalWebhook.Status.PENDING)
        .annotate(text=Cast("raw_webhook_body", TextField()))
        .order_by("pk")
    )
    return [
        _Row(*row) for row in rows.values_list("pk", "text", "body_sha256", "received_at", "tries", "notes")[:limit]
    ]


def _read(row: _Row, at: dt.datetime) -> _Read | None:
    """What the webhook says; None where it cannot be read, and then the row says so."""
    row.tries += 1
    digest = row.body_sha256 or hashlib.sha256(row.text.encode()).hexdigest()
    try:
        event = WebhookEvent.read(row.text)
        row.booking_uid = uid_of(event.payload)
        translation = translate_event(event, digest=digest, received_at=row.received_at)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        _finish(row, CalWebhook.Status.FAILED, at, UNREADABLE_NOTE.format(fields=fields))
        return None
    except ImpossibleTimes:
        _finish(row, CalWebhook.Status.FAILED, at, IMPOSSIBLE_NOTE)
        return None
    except Exception as error:  # whatever one body provokes, the others must not wait for it
        _retry_later(row, at, type(error).__name__)
        return None
    return _Read(row, translation, dict(event.payload), event.created_at or row.received_at)


def _scrub_erased(claimed: Sequence[_Row], at: dt.datetime) -> None:
    """Cal.com still names who has been erased here, and its webhooks with it."""
    uids = {row.booking_uid for row in claimed if row.booking_uid}
    if not uids:
        return
    erased = set(AppointmentBooking.objects.filter(uid__in=uids, erased_at__isnull=False).values_list("uid", flat=True))
    done = [row.id for row in claimed if row.booking_uid in erased and row.status != CalWebhook.Status.PENDING]
    if done:
        scrub_bodies(done, at=at)


def _that_count(said: Sequence[_Read]) -> Sequence[_Read]:
    kept = without_echoes([read.translation for read in said])
    return [replace(read, translation=translation) for read, translation in zip(said, kept, strict=True)]


def _apply(said: Sequence[_Read], at: dt.datetime) -> None:
    """All at once; where that fails, each half by itself, until what cannot be applied stands alone."""
    if not said:
        return
    try:
        # A savepoint: what one webhook breaks must not undo its neighbours.
        with transaction.atomic():
            outcomes = _apply_together(said, at)
    except Exception as error:
        if transaction.get_rollback():
            raise  # the connection is gone, and with it the claim
        if len(said) == 1:
            _retry_later(said[0].row, at, type(error).__name__)
            return
        middle = len(said) // 2
        _apply(said[:middle], at)
        _apply(said[middle:], at)
        return
    for read, outcome in zip(said, outcomes, strict=True):
        if isinstance(outcome, UnknownDoctor):
            _finish(read.row, CalWebhook.Status.FAILED, at, UNKNOWN_DOCTOR_NOTE)
        else:
            _finish(read.row, CalWebhook.Status.PROCESSED, at, _note(read.translation, outcome))


def _apply_together(said: Sequence[_Read], at: dt.datetime) -> Sequence[Applied | UnknownDoctor]:
    events = [BookingEvent(read.translation.facts, read.payload) for read in said]
    outcomes = apply_booking_events(events=events, doctors_of=doctors_of, at=at)
    asked: set[str] = set()
    changed: set[uuid.UUID] = set()
    news: list[News] = []
    for read, outcome in zip(said, outcomes, strict=True):
        if isinstance(outcome, UnknownDoctor):
            continue
        asked.update(read.translation.lookups)
        if outcome.appointment:
            changed.add(outcome.appointment.doctor_id)
            news.append(News(read.translation.facts, read.translation.request_id, read.payload))
        if absence := read.translation.absence:
            note_absence(absence.cal_user_id, first=absence.first, last=absence.last, told_at=read.at)
    settle_requests(news, at=at)
    queue_lookups(asked, reason=LOOKUP_REASON, at=at)
    transaction.on_commit(partial(forget_slots, *changed))
    return outcomes


def _note(translation: Translation, applied: Applied) -> str:
    return translation.note or ("" if applied.appointment or not translation.facts else INCOMPLETE_NOTE)


def _finish(row: _Row, status: str, at: dt.datetime, note: str) -> None:
    row.status, row.processed_at, row.notes, row.next_try_at = status, at, note or None, None
    if status == CalWebhook.Status.FAILED:
        log.warning("calcom.webhook_failed", webhook=row.id, tries=row.tries)


def _retry_later(row: _Row, at: dt.datetime, error: str) -> None:
    if row.tries >= MAX_TRIES:
        _finish(row, CalWebhook.Status.FAILED, at, f"Gave up after {row.tries} tries ({error}). Replay it.")
        return
    row.next_try_at = at + FIRST_RETRY * 2 ** (row.tries - 1)
    row.notes = f"Try {row.tries} failed ({error}); next at {row.next_try_at:%Y-%m-%d %H:%M:%S} UTC."
    log.warning("calcom.webhook_retried", webhook=row.id, tries=row.tries, error=error)
