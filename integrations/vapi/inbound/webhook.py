"""Receives Vapi's server messages: verify, keep what may be kept, acknowledge; and answers the assistant's tools."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.wake_ups import wake
from integrations.models import CalWebhook
from integrations.vapi.api.responses import ServerMessage, Unreadable, read_object
from integrations.vapi.inbound import processing, signature
from integrations.vapi.inbound.processing import REPORT, STATUS, TOOLS, Projection
from integrations.vapi.tools.calls import answer_tools

log = structlog.get_logger(__name__)

PENDING, PROCESSED = CalWebhook.Status.PENDING, CalWebhook.Status.PROCESSED

# How long after such news a report is due; then it is asked for. A call is ended by Vapi after an hour at the latest.
REPORT_DUE_AFTER = {"ended": dt.timedelta(minutes=2), "in-progress": dt.timedelta(hours=1)}
NOT_NEEDED_NOTE = "Nothing to do."
ANSWERED_NOTE = "Answered."

_STORE = """
INSERT INTO vapi_events (event_type, call_id, projection, body_sha256, status, next_try_at, processed_at, notes)
VALUES (%s, %s, %s::jsonb, %s, %s, %s, %s, %s)
ON CONFLICT (body_sha256) DO NOTHING
"""


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """200 as soon as the message is kept; a tool's answer, whatever happened, is a 200 too: Vapi reads no other."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.WEBHOOK_BODY_LIMIT_BYTES:
        return _rejected(413, "too_large")
    body = request.body
    if not signature.verify(settings.VAPI_WEBHOOK_SECRET, body, request.headers, now=time.time()):
        return _rejected(401, "bad_signature")
    try:
        message = read_object(body).get("message")
    except Unreadable:
        return _rejected(400, "not_a_json_object")
    raw: dict[str, Any] = message if isinstance(message, dict) else {}
    said = ServerMessage.model_validate(raw)
    digest = hashlib.sha256(body).hexdigest()
    if processing.type_of(said) == TOOLS:
        return _answered(said, raw, digest)
    try:
        _store(said, processing.project(said), digest)
    except DatabaseError as error:
        log.error("vapi.event_not_stored", error=type(error).__name__)
        return HttpResponse(status=503)  # the sender tries again, where it is told to
    return _acknowledged(said)


def _answered(said: ServerMessage, raw: dict[str, Any], digest: str) -> HttpResponse:
    answers = answer_tools(said, raw, at=timezone.now())
    kept = processing.project_tools(said, tools=answers.tools, is_verified=answers.is_verified)
    try:
        _store(said, kept, digest)
    except DatabaseError as error:
        log.error("vapi.event_not_stored", error=type(error).__name__)
    return _json({"results": answers.results})


def _acknowledged(said: ServerMessage) -> HttpResponse:
    """Some messages ask who is to talk; the rest ask for nothing."""
    match processing.type_of(said):
        case "assistant-request" if settings.VAPI_ASSISTANT_ID:
            return _json({"assistantId": settings.VAPI_ASSISTANT_ID})
        case "assistant-request":
            return _json({"error": "We are sorry, nobody can talk to you here now. Please call the hospital directly."})
        case "transfer-destination-request":
            return _json({"error": "This call cannot be passed on."})
    return HttpResponse(status=200)


def _store(said: ServerMessage, kept: Projection, digest: str) -> None:
    kind, call_id, now = processing.type_of(said), processing.call_id_of(said), timezone.now()
    state, due_at, note = _next_step(said, kind, call_id, now)
    done_at = None if state == PENDING else now
    text = orjson.dumps(kept).decode()
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [kind, call_id, text, digest, state, due_at, done_at, note])
    if state == PENDING and due_at is None:
        wake("process_calls")


def _next_step(
    said: ServerMessage, kind: str, call_id: str | None, now: dt.datetime
) -> tuple[str, dt.datetime | None, str | None]:
    """What a worker has to do with it, from when, or why nothing."""
    if kind == TOOLS:
        return PROCESSED, None, ANSWERED_NOTE
    if kind == REPORT and call_id:
        return PENDING, None, None
    if kind == STATUS and call_id and said.call.is_by_phone and said.status in REPORT_DUE_AFTER:
        return PENDING, now + REPORT_DUE_AFTER[said.status], None
    return PROCESSED, None, NOT_NEEDED_NOTE


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), content_type="application/json")


def _rejected(status: int, reason: str) -> HttpResponse:
    log.warning("vapi.event_rejected", status=status, reason=reason)
    return HttpResponse(status=status)
