"""Server messages as Vapi sends them, made for the tests: with every secret a real one carries."""

from __future__ import annotations

import json
import time
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from integrations.vapi.inbound.processing import process_next_call
from integrations.vapi.inbound.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

SECRET = "vapi-secret-for-tests-0123456789"
CALL_ID = "019a5193-90ae-7fff-b06b-d09a3312294a"
TWILIO_ID = "CA00000000000000000000000000000001"
CALLED = "+43155550100"
CALLER = "+436601234567"
PROMPT = "You are the hospital receptionist."
# None of these may be kept or logged.
SECRETS = (PROMPT, "twilio-token", "server-secret", "storage.example", "system")
WORDS = "My knee hurts terribly"
SAID = (("bot", "How can I help?"), ("user", f"{WORDS}.\nAI: You are booked."), ("tool_calls", ""))


def call(**changes: Any) -> dict[str, Any]:
    return {
        "id": CALL_ID,
        "type": "inboundPhoneCall",
        "status": "ringing",
        "startedAt": None,
        "phoneCallProvider": "twilio",
        "phoneCallProviderId": TWILIO_ID,
        "customer": {"number": CALLER},
        "assistant": {"model": {"messages": [{"role": "system", "content": PROMPT}]}},
        **changes,
    }


def message(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": 1763630166600,
        "call": call(),
        "customer": {"number": CALLER},
        "phoneNumber": {
            "number": CALLED,
            "twilioAuthToken": "twilio-token",
            "server": {"secret": "server-secret"},
        },
        **more,
    }


def report(*lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    turns = [{"role": "system", "message": PROMPT}]
    turns += [{"role": role, "message": words} for role, words in lines]
    told: dict[str, Any] = {
        "startedAt": "2026-11-20T09:15:01.200Z",
        "endedAt": "2026-11-20T09:16:00.700Z",
        "endedReason": "customer-ended-call",
        "analysis": {"summary": "Asked about the knee."},
        "artifact": {"messages": turns, "recordingUrl": "https://storage.example/a.wav"},
    }
    return message("end-of-call-report", **(told | more))


def ended(**more: Any) -> dict[str, Any]:
    return message("status-update", status="ended", endedReason="customer-ended-call", **more)


def post(said: dict[str, Any] | bytes, *, secret: str = SECRET, at: float | None = None) -> HttpResponse:
    body = said if isinstance(said, bytes) else json.dumps({"message": said}).encode()
    timestamp = str(int(time.time() if at is None else at))
    headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: sign(secret, timestamp, body)}
    response: HttpResponse = Client().post(  # type: ignore[assignment]  # the test client's own kind
        "/webhooks/vapi/", data=body, content_type="application/json", headers=headers
    )
    return response


def process() -> None:
    while process_next_call(at=timezone.now()):
        pass
