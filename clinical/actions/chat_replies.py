"""Asks the assistant what patients wrote: one call each, outside any transaction.

QUEUED -> SENT is committed before the call. A worker that dies in between leaves SENT behind, which is asked again
after `STALE_AFTER`; of two answers the first to be written down counts. The assistant remembers by the exchange that
a message names, so one whose answer was lost never happened, for it and for us.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clinical.booking_claims import says_booked
from clinical.models import AiSession, ChatMessage
from clinical.ports import AssistantUnavailable, ChatReply, chat_assistant
from clinical.transcripts import ASSISTANT, first_and_last, with_turn, words_at

log = structlog.get_logger(__name__)

Kind = ChatMessage.Kind
State = ChatMessage.State

# Longer than the call's own time-outs: until then its worker may still be waiting for an answer.
STALE_AFTER = dt.timedelta(seconds=60)
MAX_TRIES = 2

ASK_FOR_SUMMARY = (
    "Summarise this conversation in at most three sentences for the patient's doctor, in the language it was held in."
    " Say nothing that was not said in it."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the assistant is to be asked; `sent_at` tells this try from another worker's."""

    message_id: uuid.UUID
    session_id: uuid.UUID
    kind: str
    sent_at: dt.datetime
    text: str = field(repr=False)
    after: str | None
    hospital: str


def answer_next_message() -> bool:
    """Ask one question that is due; whether there was one."""
    claimed = _claim(timezone.now())
    if claimed is None:
        return False
    question = _question(claimed)
    try:
        if question is None or claimed.tries > MAX_TRIES:
            raise AssistantUnavailable
        reply = chat_assistant().reply(question.text, after=question.after, hospital=question.hospital)
    except AssistantUnavailable:
        _fail(claimed, at=timezone.now())
    else:
        _write_down(question, reply, at=timezone.now())
    return True


@transaction.atomic
def _claim(at: dt.datetime) -> ChatMessage | None:
    """Take the oldest due message and commit that it is taken, before anything is asked."""
    due = Q(state=State.QUEUED) | Q(state=State.SENT, sent_at__lte=at - STALE_AFTER)
    rows = ChatMessage.objects.select_for_update(skip_locked=True).filter(due, state__in=[State.QUEUED, State.SENT])
    message = rows.order_by("asked_at", "pk").first()
    if message is not None:
        message.state, message.sent_at, message.tries = State.SENT, at, message.tries + 1
        message.save(update_fields=["state", "sent_at", "tries"])
    return message


def _question(message: ChatMessage) -> Question | None:
    """With what the patient wrote before and the assistant never got; None where the words are gone."""
    session = AiSession.objects.select_related("hospital").get(pk=message.session_id)
    answered = session.messages.filter(kind=Kind.MESSAGE, state=State.ANSWERED).order_by("-line").first()
    if message.kind == Kind.SUMMARY:
        text: str | None = ASK_FOR_SUMMARY
    else:
        asked = session.messages.filter(kind=Kind.MESSAGE, line__gt=answered.line if answered else -1)
        found = [words_at(session.transcript, one.line) for one in asked.order_by("line")]
        text = "\n".join(words for words in found if words) or None
    if text is None or session.transcript is None or message.sent_at is None:
        return None
    return Question(
        message_id=message.pk,
        session_id=session.pk,
        kind=message.kind,
        sent_at=message.sent_at,
        text=text,
        after=answered.chat_id if answered else None,
        hospital=session.hospital.name if session.hospital else "",
    )


@transaction.atomic
def _write_down(question: Question, reply: ChatReply, *, at: dt.datetime) -> None:
    session = AiSession.objects.select_for_update().get(pk=question.session_id)
    message = _held(question.message_id, question.sent_at)
    if message is None:
        return  # another worker was faster
    if session.transcript is None:
        _settle(message, State.FAILED, at)  # erased meanwhile
        return
    if question.kind == Kind.SUMMARY:
        session.summary = reply.text.strip()
        session.save(update_fields=["summary"])
    else:
        session.transcript, message.reply_line = with_turn(session.transcript, ASSISTANT, reply.text)
        session.says_booked = says_booked(session.transcript)
        session.vapi_session_id = session.vapi_session_id or reply.chat_id
        session.save(update_fields=["transcript", "says_booked", "vapi_session_id"])
    message.chat_id = reply.chat_id
    _settle(message, State.ANSWERED, at)


@transaction.atomic
def _fail(claimed: ChatMessage, *, at: dt.datetime) -> None:
    session = AiSession.objects.select_for_update().get(pk=claimed.session_id)
    message = _held(claimed.pk, claimed.sent_at)
    if message is None:
        return
    if message.kind == Kind.SUMMARY and session.transcript and not session.summary:
        session.summary = first_and_last(session.transcript)
        session.save(update_fields=["summary"])
    _settle(message, State.FAILED, at)


def _held(message_id: uuid.UUID, sent_at: dt.datetime | None) -> ChatMessage | None:
    held = ChatMessage.objects.select_for_update().filter(pk=message_id, state=State.SENT, sent_at=sent_at)
    return held.first()


def _settle(message: ChatMessage, state: str, at: dt.datetime) -> None:
    message.state, message.settled_at = state, at
    message.save(update_fields=["state", "settled_at", "reply_line", "chat_id"])
    log.info("chat.settled", message=str(message.pk), kind=message.kind, state=state, tries=message.tries)
