"""How long this app's rows are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.own_data.retention import RowRule, Rows
from clinical.mirror.tombstones import SCRUBBED, scrub_payloads
from clinical.models import AiSession, Appointment, ChatMessage


def _talks(before: dt.datetime) -> Rows:
    return AiSession.objects.filter(transcript__isnull=False, start_time__lte=before).order_by("start_time", "pk")


def _drop_transcripts(ids: Sequence[Any]) -> None:
    AiSession.objects.filter(pk__in=ids).update(transcript=None)


def _visits(before: dt.datetime) -> Rows:
    """By the visit's end: until then, what the calendar sent may be needed to find out what happened to it."""
    rows = Appointment.objects.exclude(cal_raw_payload__has_key=SCRUBBED)
    return rows.filter(end_ts__lte=before).order_by("end_ts", "pk")


def _chat_messages(before: dt.datetime) -> Rows:
    return ChatMessage.objects.filter(asked_at__lte=before).order_by("asked_at", "pk")


RULES = (
    RowRule("chat_messages", ChatMessage, _chat_messages),
    RowRule("transcripts", AiSession, _talks, _drop_transcripts),
    RowRule("visit_payloads", Appointment, _visits, scrub_payloads),
)
