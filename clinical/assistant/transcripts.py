"""Talks as they are written down: a line for each turn, begun by who speaks. No ORM, no clock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from accounts.models import User
from clinical.assistant.session_bookings import ASSISTANT
from clinical.models import AiSession, ChatMessage
from clinical.ports import OutcomeState
from core.wake_ups import wait_until

PATIENT = "User:"
# Of each of the two turns that stand for a summary.
EXCERPT_LENGTH = 300
_STATES: dict[str, OutcomeState] = {
    ChatMessage.State.QUEUED: "pending",
    ChatMessage.State.SENT: "pending",
    ChatMessage.State.ANSWERED: "done",
    ChatMessage.State.FAILED: "refused",
}


def lines_of(transcript: str | None) -> list[str]:
    return transcript.split("\n") if transcript else []


def with_turn(transcript: str | None, speaker: str, words: str) -> tuple[str, int]:
    """The transcript with one more turn, and the number of its line.

    A turn is one line, whatever it holds: what is said cannot begin a line of another speaker.
    """
    lines = lines_of(transcript)
    return "\n".join([*lines, f"{speaker} {one_line(words)}"]), len(lines)


def one_line(words: str) -> str:
    return " ".join(words.split())


def words_at(transcript: str | None, number: int | None) -> str | None:
    """What was said in this line; None where there is no such line, or no more."""
    lines = lines_of(transcript)
    if number is None or not 0 <= number < len(lines):
        return None
    _speaker, _, words = lines[number].partition(" ")
    return words


def first_and_last(transcript: str) -> str:
    """What stands for a summary where nobody made one."""
    lines = lines_of(transcript)
    ends: Sequence[str] = lines if len(lines) < 2 else (lines[0], lines[-1])
    return "\n".join(_excerpt(line) for line in ends)


def _excerpt(line: str) -> str:
    return line if len(line) <= EXCERPT_LENGTH else f"{line[: EXCERPT_LENGTH - 1]}…"


__all__ = ["ASSISTANT", "PATIENT", "first_and_last", "lines_of", "one_line", "with_turn", "words_at"]


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    message_id: uuid.UUID
    state: OutcomeState
    is_emergency: bool = False
    reply: str | None = field(default=None, repr=False)


def message_outcome(message_id: uuid.UUID, *, session_id: uuid.UUID, by: User) -> MessageOutcome | None:
    """The outcome so far; None for a message that is not one of this person's in this talk."""
    own = AiSession.objects.for_user(by).filter(pk=session_id).values("pk")
    rows = ChatMessage.objects.filter(pk=message_id, session__in=own).exclude(kind=ChatMessage.Kind.SUMMARY)
    row = rows.values_list("state", "kind", "reply_line").first()
    if row is None:
        return None
    state, kind, reply_line = row
    reply = None
    if reply_line is not None:
        transcript = AiSession.objects.filter(pk=session_id).values_list("transcript", flat=True).get()
        reply = words_at(transcript, reply_line)
    return MessageOutcome(message_id, _STATES[state], kind == ChatMessage.Kind.EMERGENCY, reply)


def wait_for_reply(message_id: uuid.UUID, *, session_id: uuid.UUID, by: User) -> MessageOutcome:
    """Wait for at most `CHAT_WAIT_SECONDS`, holding no database connection meanwhile."""
    pending = MessageOutcome(message_id, "pending")
    return wait_until(
        lambda outcome: outcome.state != "pending",
        look=lambda: message_outcome(message_id, session_id=session_id, by=by) or pending,
        seconds=settings.CHAT_WAIT_SECONDS,
    )
