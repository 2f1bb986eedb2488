"""What became of a message to the assistant, for who wrote it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.conf import settings

from accounts.models import User
from clinical.assistant.transcripts import words_at
from clinical.models import AiSession, ChatMessage
from clinical.ports import OutcomeState
from core.waiting import wait_until

_STATES: dict[str, OutcomeState] = {
    ChatMessage.State.QUEUED: "pending",
    ChatMessage.State.SENT: "pending",
    ChatMessage.State.ANSWERED: "done",
    ChatMessage.State.FAILED: "refused",
}


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
