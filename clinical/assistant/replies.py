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
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from clinical.assistant.chat import OPEN_STATES
from clinical.assistant.session_bookings import says_booked
from clinical.assistant.transcripts import ASSISTANT, first_and_last, with_turn, words_at
from clinical.models import AiSession, ChatMessage
from clinical.ports import AssistantUnavailable, ChatReply, chat_assistant
from core.wake_ups import wake

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
BATCH = 200
# Older talks than these were ended, or are another program's.
LOOKED_BACK_FOR = dt.timedelta(days=7)


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


def close_chats(*, at: dt.datetime) -> None:
    """End the talks in which nobody says anything any more, and have those that are over summed up."""
    end_idle_sessions(at=at)
    queue_summaries(at=at)


@transaction.atomic
def end_idle_sessions(*, at: dt.datetime) -> int:
    """End talks after `CHAT_IDLE` of silence, as of when the last word was said; how many."""
    messages = ChatMessage.objects.filter(session=OuterRef("pk"))
    last = messages.order_by("-asked_at").annotate(moved=Greatest("asked_at", Coalesce("settled_at", "asked_at")))
    idle = (
        _recent(at)
        .filter(ended_at__isnull=True)
        .exclude(Exists(messages.filter(state__in=OPEN_STATES)))
        .annotate(last_word_at=Coalesce(Subquery(last.values("moved")[:1]), F("start_time")))
        .filter(last_word_at__lte=at - settings.CHAT_IDLE)
        .defer("transcript")
    )
    ended = list(idle.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:BATCH])
    for session in ended:
        session.ended_at = max(session.last_word_at, session.start_time)
        session.save(update_fields=["ended_at"])
    return len(ended)


@transaction.atomic
def queue_summaries(*, at: dt.datetime) -> int:
    """Have talks that are over summed up, by the assistant where it took part; how many."""
    messages = ChatMessage.objects.filter(session=OuterRef("pk"))
    busy = messages.filter(Q(state__in=OPEN_STATES) | Q(kind=ChatMessage.Kind.SUMMARY))
    took_part = messages.filter(kind=ChatMessage.Kind.MESSAGE, state=ChatMessage.State.ANSWERED)
    bare = (
        _recent(at)
        .filter(ended_at__isnull=False, summary__isnull=True, transcript__isnull=False)
        .exclude(Exists(busy))
        .annotate(is_summed_up=Exists(took_part))
    )
    sessions = list(bare.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:BATCH])
    asked = [session for session in sessions if session.is_summed_up]
    summary = ChatMessage.Kind.SUMMARY
    ChatMessage.objects.bulk_create(
        [ChatMessage(session=session, kind=summary, asked_at=at) for session in asked], ignore_conflicts=True
    )
    for session in sessions:
        if not session.is_summed_up:
            session.summary = first_and_last(session.transcript)
            session.save(update_fields=["summary"])
    if asked:
        wake("answer_messages")
    return len(sessions)


def _recent(at: dt.datetime):  # type: ignore[no-untyped-def]  # annotated below, which its type cannot say
    return AiSession.objects.filter(
        source=AiSession.Source.APP, start_time__gt=at - LOOKED_BACK_FOR, start_time__lte=at
    )
