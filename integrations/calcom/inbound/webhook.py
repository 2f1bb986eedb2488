"""Receives Cal.com's webhooks: verify, store once, acknowledge. Everything else happens in a worker."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.json_depth import is_too_deep
from core.wake_ups import wake
from integrations.calcom.api import config
from integrations.calcom.api.characters import storable_json

log = structlog.get_logger(__name__)

_STORE = """
INSERT INTO cal_webhooks (raw_webhook_body, signature_header, body_sha256, trigger)
VALUES (%s::jsonb, %s, %s, %s)
ON CONFLICT (body_sha256) DO NOTHING
"""

_ABSENT = object()


class Unreadable(ValueError):
    """The body is not a JSON object."""


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Never 410 (Cal.com would switch the subscription off) and never a redirect (it would count as a failure)."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.WEBHOOK_BODY_LIMIT_BYTES:
        return _rejected(413, "too_large")
    body = request.body
    header = request.headers.get(config.HEADER)
    if not config.verify(settings.CALCOM_WEBHOOK_SECRET, body, header):
        return _rejected(401, "bad_signature")
    text = storable_json(body)
    try:
        event = read_object(text)
    except Unreadable:
        return _rejected(400, "not_a_json_object")
    trigger = event.get("triggerEvent")
    try:
        _store(storable(event, text), body, header or "", trigger if isinstance(trigger, str) else None)
    except DatabaseError as error:
        log.error("calcom.webhook_not_stored", error=type(error).__name__)
        return HttpResponse(status=503)  # the sender tries again
    wake("process_webhooks")
    return HttpResponse(status=200)


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises: Unreadable."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable from None
    if not isinstance(event, dict) or is_too_deep(event, body):
        raise Unreadable
    return event


def _store(text: str, body: bytes, header: str, trigger: str | None) -> None:
    digest = hashlib.sha256(body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [text, header, digest, trigger])


def storable(event: dict[str, Any], text: bytes) -> str:
    """The event as JSON text without the secrets it carries; its own text where there are none, which is the rule."""
    return (orjson.dumps(event) if _take_secrets_out(event) else text).decode()


def _take_secrets_out(event: dict[str, Any]) -> bool:
    """Whether there were any."""
    found = False
    for holder in (event, event.get("payload")):
        if isinstance(holder, dict):
            found |= holder.pop("oneTimePassword", _ABSENT) is not _ABSENT
            call = holder.get("videoCallData")
            found |= isinstance(call, dict) and call.pop("password", _ABSENT) is not _ABSENT
    return found


def _rejected(status: int, reason: str) -> HttpResponse:
    log.warning("calcom.webhook_rejected", status=status, reason=reason)
    return HttpResponse(status=status)
