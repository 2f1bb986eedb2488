"""Vapi's JSON, as far as we read it. Nothing else of a body is looked at, kept or logged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

# An id, a number or a reason; longer is none.
LONGEST_NAME = 200
# As long as a whole body may be.
LONGEST_TEXT = 256 * 1024
_MILLISECONDS_FROM = 100_000_000_000
PHONE_TYPES = frozenset({"inboundPhoneCall", "outboundPhoneCall"})
# Of the rest, `system` is our prompt, and a tool's request and result are not what was said.
SPEAKERS = {"bot": "AI", "assistant": "AI", "user": "User"}


class Unreadable(ValueError):
    """The body is not a JSON object."""


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises: Unreadable.

    By the standard library: its text may hold half a character, which stricter readers refuse with all the rest.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(found, dict):
        raise Unreadable
    return found


def clean(text: str) -> str:
    """As PostgreSQL can hold it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _name(value: object) -> str | None:
    text = _text(value)
    return text if text and len(text) <= LONGEST_NAME else None


def _text(value: object) -> str | None:
    return clean(value)[:LONGEST_TEXT].strip() or None if isinstance(value, str) else None


def _moment(value: object) -> dt.datetime | None:
    """From ISO text or a count of milliseconds or seconds since 1970."""
    try:
        if isinstance(value, str):
            return _aware(dt.datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _aware(moment: dt.datetime) -> dt.datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _object(value: object) -> object:
    return value if isinstance(value, dict | BaseModel) else {}


def _objects(value: object) -> object:
    return [item for item in value if isinstance(item, dict | BaseModel)] if isinstance(value, list) else []


Name = Annotated[str | None, BeforeValidator(_name)]
Text = Annotated[str | None, BeforeValidator(_text)]
Moment = Annotated[dt.datetime | None, BeforeValidator(_moment)]
OBJECT = BeforeValidator(_object)
OBJECTS = BeforeValidator(_objects)


class Loose(BaseModel):
    """What it does not name is dropped: the allow list."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Turn(Loose):
    role: Name = None
    message: Text = None
    content: Text = None

    @property
    def line(self) -> str | None:
        """One line begun by who speaks; what is said cannot begin a line of another speaker."""
        words = " ".join((self.message or self.content or "").split())
        speaker = SPEAKERS.get(self.role or "")
        return f"{speaker}: {words}" if speaker and words else None


class StructuredOutput(Loose):
    name: Name = None
    result: Text = None


class Artifact(Loose):
    transcript: Text = None
    messages: Annotated[list[Turn], OBJECTS] = []
    messages_open_ai: Annotated[list[Turn], OBJECTS] = Field(default=[], alias="messagesOpenAIFormatted")
    structured_outputs: Annotated[dict[str, Any], OBJECT] = {}

    @property
    def summary(self) -> str | None:
        for found in self.structured_outputs.values():
            output = StructuredOutput.model_validate(found) if isinstance(found, dict) else StructuredOutput()
            if output.result and "summary" in (output.name or "").lower():
                return output.result
        return None


class Analysis(Loose):
    summary: Text = None


class Party(Loose):
    """A customer, or our own phone number, whose other fields are credentials."""

    number: Name = None


class Transport(Loose):
    provider: Name = None
    call_sid: Name = None


class Ended(Loose):
    """What a report and a call that was asked for both say about a talk that is over."""

    started_at: Moment = None
    ended_at: Moment = None
    ended_reason: Name = None
    transcript: Text = None
    summary: Text = None
    messages: Annotated[list[Turn], OBJECTS] = []
    artifact: Annotated[Artifact, OBJECT] = Artifact()
    analysis: Annotated[Analysis, OBJECT] = Analysis()
    customer: Annotated[Party, OBJECT] = Party()
    phone_number: Annotated[Party, OBJECT] = Party()

    @property
    def spoken(self) -> str | None:
        """The transcript without our prompt: from the turns, else from the text."""
        for turns in (self.artifact.messages, self.messages, self.artifact.messages_open_ai):
            if lines := [line for turn in turns if (line := turn.line)]:
                return "\n".join(lines)
        return _without_prompt(self.artifact.transcript or self.transcript)

    @property
    def summed_up(self) -> str | None:
        return self.analysis.summary or self.summary or self.artifact.summary


class Call(Ended):
    """A call as `GET /call/{id}` gives it; inside a server message, a snapshot that may be long out of date."""

    id: Name = None
    type: Name = None
    status: Name = None
    phone_call_provider_id: Name = None
    transport: Annotated[Transport, OBJECT] = Transport()

    @property
    def twilio_call_id(self) -> str | None:
        of_transport = self.transport.call_sid if self.transport.provider == "twilio" else None
        found = self.phone_call_provider_id or of_transport
        return found if found and found.startswith("CA") else None

    @property
    def is_by_phone(self) -> bool:
        return self.type in PHONE_TYPES


class ChatReference(Loose):
    id: Name = None
    session_id: Name = None


class ServerMessage(Ended):
    type: Name = None
    timestamp: Moment = None
    status: Name = None
    call: Annotated[Call, OBJECT] = Call()
    chat: Annotated[ChatReference, OBJECT] = ChatReference()


class Chat(Loose):
    """One turn of a chat, answered."""

    id: str
    session_id: Name = None
    output: Annotated[list[Turn], OBJECTS] = []

    @property
    def text(self) -> str:
        """What the assistant said; empty where it said nothing."""
        said = (turn.content or turn.message for turn in self.output if SPEAKERS.get(turn.role or "") == "AI")
        return "\n".join(words for words in said if words)


class Session(Loose):
    id: str
    status: Name = None


def _without_prompt(transcript: str | None) -> str | None:
    return "\n".join(_spoken_lines((transcript or "").splitlines())) or None


def _spoken_lines(lines: Iterable[str]) -> Iterable[str]:
    is_spoken = True
    for line in lines:
        if line.startswith(("AI:", "User:", "System:")):
            is_spoken = not line.startswith("System:")
        if is_spoken and line.strip():
            yield line.strip()
