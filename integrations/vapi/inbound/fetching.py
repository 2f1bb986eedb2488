"""Asks Vapi for calls whose report did not come: it is sent once where no retries are set up, and may be lost."""

from __future__ import annotations

import datetime as dt
import hashlib

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.models import CalWebhook, VapiEvent
from integrations.vapi.api.client import VapiClient, VapiError, VapiRefused
from integrations.vapi.api.responses import Call
from integrations.vapi.chat import vapi_client
from integrations.vapi.inbound.processing import ERASED_NOTE, REPORT, STATUS, due, finish, forget_call, project_call

log = structlog.get_logger(__name__)

# 2 min, 4, 8 .. : the last try comes after some four hours.
FIRST_RETRY = dt.timedelta(minutes=2)
MAX_TRIES = 7
# Transcript and summary come some time after the end; where they have not by then, there will be none.
WORDS_AWAITED_TRIES = 3

REPORTED_NOTE = "The report came."
FETCHED_NOTE = "The report did not come; Vapi was asked for the call."
GONE_NOTE = "The report did not come, and Vapi does not know the call."
GAVE_UP_NOTE = "The report did not come, and Vapi could not be asked for the call."


def fetch_next_report() -> bool:
    """Ask for one call that is over; whether there was one to look at. Its outcome is a report like any other's."""
    event = _claim(timezone.now())
    if event is None:
        return False
    if event.status != CalWebhook.Status.PENDING:
        return True
    client = vapi_client()
    try:
        _ask(event, client)
    finally:
        client.close()
    return True


@transaction.atomic
def _claim(at: dt.datetime) -> VapiEvent | None:
    """The next one, put off at once: what dies on the way is tried again, and nobody else asks meanwhile."""
    event = due(at).filter(event_type=STATUS).first()
    if event is None:
        return None
    reports = VapiEvent.objects.filter(call_id=event.call_id, event_type=REPORT)
    if notes := list(reports.values_list("notes", flat=True)):
        finish(event, CalWebhook.Status.PROCESSED, REPORTED_NOTE, at)
        if ERASED_NOTE in notes and event.call_id:
            forget_call(event.call_id, at=at)
        return event
    event.tries += 1
    event.next_try_at = at + FIRST_RETRY * 2 ** (event.tries - 1)
    event.save(update_fields=["tries", "next_try_at"])
    return event


def _ask(event: VapiEvent, client: VapiClient) -> None:
    call_id = event.call_id or ""
    try:
        call = client.get_call(call_id)
    except VapiRefused as error:
        if error.is_not_found:
            finish(event, CalWebhook.Status.FAILED, GONE_NOTE, timezone.now())
            return
        _later(event, error.code)
    except VapiError as error:
        _later(event, error.code)
    else:
        _take(event, call)


def _take(event: VapiEvent, call: Call) -> None:
    is_over = call.status == "ended" or call.ended_at is not None
    has_words = call.spoken is not None or call.summed_up is not None
    if not is_over or (not has_words and event.tries < WORDS_AWAITED_TRIES):
        _later(event, "not_ready")
        return
    with transaction.atomic():
        # A fetched call does not name our number: the message that told of it did.
        known = {name: value for name, value in event.projection.items() if name in ("caller", "called", "call_type")}
        VapiEvent.objects.bulk_create(
            [
                VapiEvent(
                    event_type=REPORT,
                    call_id=event.call_id,
                    projection=known | project_call(call),
                    body_sha256=hashlib.sha256(f"fetched {event.call_id}".encode()).hexdigest(),
                )
            ],
            ignore_conflicts=True,
        )
        finish(event, CalWebhook.Status.PROCESSED, FETCHED_NOTE, timezone.now())


def _later(event: VapiEvent, reason: str) -> None:
    if event.tries >= MAX_TRIES:
        finish(event, CalWebhook.Status.FAILED, GAVE_UP_NOTE, timezone.now())
        return
    event.notes = f"Try {event.tries}: {reason}."
    event.save(update_fields=["notes"])
    log.info("vapi.report_awaited", event_id=event.pk, tries=event.tries, reason=reason)
