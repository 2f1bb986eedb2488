"""Ends talks in which nobody says anything any more, and gives those that are over their summary. For a sweep."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from clinical.actions.ai_chat import OPEN_STATES
from clinical.models import AiSession, ChatMessage
from clinical.transcripts import first_and_last
from core.wake_ups import wake

BATCH = 200
# Older talks than these were ended, or are another program's.
LOOKED_BACK_FOR = dt.timedelta(days=7)


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
        wake("answer_chats")
    return len(sessions)


def _recent(at: dt.datetime):  # type: ignore[no-untyped-def]  # annotated below, which its type cannot say
    return AiSession.objects.filter(
        source=AiSession.Source.APP, start_time__gt=at - LOOKED_BACK_FOR, start_time__lte=at
    )
