"""Vapi's JSON, as far as we read it. Nothing else of a body is looked at, kept or logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from .shapes import OBJECT, OBJECTS, Loose, Moment, Name, Text

PHONE_TYPES = frozenset({"inboundPhoneCall", "outboundPhoneCall"})
# Of the rest, `system` is our prompt, and a tool's request and result are not what was said.
SPEAKERS = {"bot": "AI", "assistant": "AI", "user": "User"}


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
