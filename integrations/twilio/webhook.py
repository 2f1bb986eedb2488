"""Receives Twilio's reports on messages: verify, translate, record."""

from __future__ import annotations

import uuid

import structlog
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.messages.reports import record_sms_report
from accounts.models import SmsMessage
from accounts.ports import STOPPED
from integrations.twilio.sms import ANSWERED_STOP, REFERENCE, is_from_twilio

log = structlog.get_logger(__name__)

Status = SmsMessage.Status
# Of the rest (scheduled, received, ..) none is about a message as we send it.
_MEANING = {
    "accepted": Status.SENT,
    "queued": Status.SENT,
    "sending": Status.SENT,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
_LONGEST_ID = 64


@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """204 also for messages that are not ours and reports we know: another answer would only fill Twilio's log."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.WEBHOOK_BODY_LIMIT_BYTES:
        return _rejected(413, "too_large")
    try:
        is_genuine = is_from_twilio(request)
    except (SuspiciousOperation, ValueError):
        return _rejected(400, "unreadable")
    if not is_genuine:
        return _rejected(403, "bad_signature")
    try:
        _record(request)
    except DatabaseError as error:
        log.error("twilio.report_not_recorded", error=type(error).__name__)
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _record(request: HttpRequest) -> None:
    form = request.POST
    sid, meaning = form.get("MessageSid", ""), _MEANING.get(form.get("MessageStatus", ""))
    if meaning is None or not 0 < len(sid) <= _LONGEST_ID or "\0" in sid:
        return
    record_sms_report(
        reference=_reference(request.GET.get(REFERENCE, "")),
        provider_id=sid,
        status=meaning,
        error_code=_error_code(form.get("ErrorCode", "")) if meaning == Status.FAILED else None,
        at=timezone.now(),
    )


def _reference(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _error_code(text: str) -> str | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        return None
    return STOPPED if int(text) == ANSWERED_STOP else text


def _rejected(status_code: int, reason: str) -> HttpResponse:
    log.warning("twilio.report_rejected", status=status_code, reason=reason)
    return HttpResponse(status=status_code)
