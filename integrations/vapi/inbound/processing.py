"""Puts calls on record from stored events: PENDING rows are the queue. What is kept of a message is an allow list, for
bodies carry credentials, prompts and signed links; words and numbers of erased people are taken out again. Which call
it was stays, for late news of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, TypedDict, cast

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT

from clinical.assistant.phone_calls import ErasedCaller, PhoneCall, UnknownCaller, record_phone_call
from integrations.models import CalWebhook, VapiEvent
from integrations.vapi.api.responses import PHONE_TYPES, Call, ServerMessage
from integrations.vapi.numbers import hospital_called, network_digits

log = structlog.get_logger(__name__)
ERASED_NOTE = "The caller has been erased: nothing of it is kept."
REPORT = "end-of-call-report"
STATUS = "status-update"
TOOLS = "tool-calls"
OTHER = "unknown"
# What people write between a number's digits.
_BETWEEN_DIGITS = re.compile(r"[\s().\-/]")
# A type of Vapi's is a few words; what is not is somebody's text, which has no place in a list.
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.\-]{0,63}")
PENDING, PROCESSED, FAILED = CalWebhook.Status.PENDING, CalWebhook.Status.PROCESSED, CalWebhook.Status.FAILED
MAX_TRIES = 6
FIRST_RETRY = dt.timedelta(seconds=10)
RECORDED_NOTE = "On record."
NO_PATIENT_NOTE = "No patient has the caller's number: kept here, attached to nobody."
NOT_A_PHONE_CALL_NOTE = "Not a phone call."


def forget_call(call_id: str, *, at: dt.datetime) -> int:
    return forget(VapiEvent.objects.filter(call_id=call_id), at=at)


def forget_caller(phone: str, *, at: dt.datetime) -> int:
    """All that came from the number, in digits, whether or not a patient was found for it."""
    called = VapiEvent.objects.annotate(caller=KT("projection__caller"))
    return forget(called.filter(caller__in=[phone, f"+{phone}"]), at=at)


def forget(rows: QuerySet[VapiEvent], *, at: dt.datetime, limit: int | None = None) -> int:
    """How many. What waits is done with: no report is asked for any more.

    One that somebody else holds is left: who holds it looks for erased people next.
    """
    told = rows.exclude(projection={}).select_for_update(skip_locked=True).order_by("pk")
    ids = list(told.values_list("pk", flat=True)[:limit])
    found = VapiEvent.objects.filter(pk__in=ids)
    found.update(projection={}, notes=ERASED_NOTE, next_try_at=None)
    found.filter(status=PENDING).update(status=PROCESSED, processed_at=at)
    return len(ids)


class Projection(TypedDict, total=False):
    """What may be in `vapi_events.projection`; what is not known is left out. Times are ISO 8601, in UTC."""

    at: str
    call_type: str
    status: str
    ended_reason: str
    started_at: str
    ended_at: str
    caller: str
    called: str
    twilio_call_id: str
    transcript: str
    summary: str
    tools: list[str]
    caller_verified: bool


def type_of(message: ServerMessage) -> str:
    return message.type if message.type and _TYPE.fullmatch(message.type) else OTHER


def call_id_of(message: ServerMessage) -> str | None:
    return message.call.id or message.chat.session_id or message.chat.id


def project(message: ServerMessage) -> Projection:
    """Of a report everything that becomes a session; of the rest who, when and how it stands."""
    projection = _of_call(message.call) | _facts(
        at=message.timestamp,
        status=message.status,
        ended_reason=message.ended_reason,
        # The call inside is a snapshot from its ringing: what stands beside it counts.
        caller=_number(message.customer.number or message.call.customer.number),
        called=_number(message.phone_number.number or message.call.phone_number.number),
    )
    if type_of(message) != REPORT:
        return projection
    return projection | _facts(
        started_at=message.started_at,
        ended_at=message.ended_at,
        transcript=message.spoken,
        summary=message.summed_up,
    )


def project_call(call: Call) -> Projection:
    """The same of a call that was asked for, whose own fields are not stale."""
    return _of_call(call) | _facts(
        status=call.status,
        ended_reason=call.ended_reason,
        caller=_number(call.customer.number),
        called=_number(call.phone_number.number),
        started_at=call.started_at,
        ended_at=call.ended_at,
        transcript=call.spoken,
        summary=call.summed_up,
    )


def project_tools(message: ServerMessage, *, tools: Sequence[str], is_verified: bool) -> Projection:
    """Which tools were used, not what was said to them."""
    return project(message) | Projection(tools=list(tools), caller_verified=is_verified)


def _of_call(call: Call) -> Projection:
    return _facts(call_type=call.type, twilio_call_id=call.twilio_call_id)


def _number(text: str | None) -> str | None:
    """Spaced as in E.164: by it an erased person's messages are found."""
    return _BETWEEN_DIGITS.sub("", text) or None if text else None


def _facts(**facts: str | dt.datetime | None) -> Projection:
    told = {name: value for name, value in facts.items() if value is not None}
    texts = {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in told.items()}
    return cast(Projection, texts)  # the names are those of the callers above


def process_next_call(*, at: dt.datetime) -> bool:
    """Put one reported call on record; whether there was one waiting."""
    with transaction.atomic():
        event = due(at).filter(event_type=REPORT).first()
        if event is None:
            return False
        event.tries += 1
        try:
            # A savepoint: the row must be able to say what went wrong.
            with transaction.atomic():
                note = _record(event, at)
        except Exception as error:
            if transaction.get_rollback():
                raise  # the connection is gone, and with it the claim
            _retry_later(event, at, type(error).__name__)
        else:
            finish(event, PROCESSED, note, at)
    return True


def due(at: dt.datetime) -> QuerySet[VapiEvent]:
    """Events whose time has come, oldest first, each for whoever locks it first."""
    ready = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)
    return VapiEvent.objects.select_for_update(skip_locked=True).filter(ready, status=PENDING).order_by("pk")


def finish(event: VapiEvent, status: str, note: str, at: dt.datetime) -> None:
    event.status, event.notes, event.processed_at, event.next_try_at = status, note, at, None
    event.save(update_fields=["status", "notes", "processed_at", "next_try_at", "tries"])
    if status == FAILED:
        log.warning("vapi.event_failed", event_id=event.pk, tries=event.tries)


def _record(event: VapiEvent, at: dt.datetime) -> str:
    told: dict[str, Any] = event.projection
    phone = network_digits(told.get("caller"))
    if told.get("call_type") not in PHONE_TYPES or event.call_id is None:
        return NOT_A_PHONE_CALL_NOTE
    ended_at = _moment(told.get("ended_at"))
    # Not every report says when it began.
    started_at = _moment(told.get("started_at")) or ended_at or _moment(told.get("at")) or event.received_at
    call = PhoneCall(
        session_id=event.call_id,
        phone=phone,
        twilio_call_id=told.get("twilio_call_id"),
        started_at=started_at,
        ended_at=max(started_at, ended_at) if ended_at else None,
        transcript=told.get("transcript"),
        summary=told.get("summary"),
        is_verified=_was_verified(event.call_id),
        hospital_id=hospital_called(told.get("called")),
    )
    try:
        record_phone_call(call=call)
    except ErasedCaller:
        forget_call(event.call_id, at=at)
        return ERASED_NOTE
    except UnknownCaller:
        return NO_PATIENT_NOTE
    return RECORDED_NOTE


def _was_verified(call_id: str) -> bool:
    """By a tool of ours, never by the assistant's word."""
    return VapiEvent.objects.filter(call_id=call_id, event_type=TOOLS, projection__caller_verified=True).exists()


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _retry_later(event: VapiEvent, at: dt.datetime, error: str) -> None:
    if event.tries >= MAX_TRIES:
        finish(event, FAILED, f"Gave up after {event.tries} tries ({error}).", at)
        return
    event.next_try_at = at + FIRST_RETRY * 2 ** (event.tries - 1)
    event.notes = f"Try {event.tries} failed ({error})."
    event.save(update_fields=["next_try_at", "notes", "tries"])
    log.warning("vapi.event_retried", event_id=event.pk, tries=event.tries, error=error)
