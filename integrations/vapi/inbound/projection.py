"""The part of a server message that is kept: an allow list. Bodies carry credentials, prompts and signed links."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TypedDict, cast

from integrations.vapi.api.responses import Call, ServerMessage

REPORT = "end-of-call-report"
STATUS = "status-update"
TOOLS = "tool-calls"
OTHER = "unknown"

# What people write between a number's digits.
_BETWEEN_DIGITS = re.compile(r"[\s().\-/]")
# A type of Vapi's is a few words; what is not is somebody's text, which has no place in a list.
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.\-]{0,63}")


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
