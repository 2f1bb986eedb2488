from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from clinical.models.ai_session import AiSession
from core.db.fields import DbForeignKey, GenRandomUuid, NullableTextField
from core.privacy import privacy


class ChatMessage(models.Model):
    """A message to the assistant and what became of it: the queue of what it is to be asked.

    The words are in the session's transcript alone; `line` and `reply_line` say where, counted from 0.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", "message"
        EMERGENCY = "emergency", "answered with the emergency text"
        SUMMARY = "summary", "asks for a summary"

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "sent"
        ANSWERED = "answered", "answered"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    session = DbForeignKey(AiSession, models.CASCADE, db_on_delete="CASCADE", related_name="messages")
    kind = models.TextField(choices=Kind.choices)
    state = models.TextField(choices=State.choices, db_default=State.QUEUED)
    line = models.IntegerField(null=True)
    reply_line = models.IntegerField(null=True)
    # The assistant's id of the exchange.
    chat_id = NullableTextField(null=True)
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)

    privacy = privacy(
        sensitive="chat_id", safe="id session kind state line reply_line asked_at sent_at settled_at tries"
    )

    if TYPE_CHECKING:
        session_id: uuid.UUID

    class Meta:
        db_table = "ai_session_messages"
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(state__in=["queued", "sent"]), name="ai_session_messages_one_running"
            ),
            models.UniqueConstraint(
                fields=["session"], condition=Q(kind="summary"), name="ai_session_messages_one_summary"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sent"], settled_at__isnull=True)
                | Q(state__in=["answered", "failed"], settled_at__isnull=False),
                name="ai_session_messages_settled",
            ),
            models.CheckConstraint(
                condition=Q(kind="summary", line__isnull=True)
                | Q(kind__in=["message", "emergency"], line__isnull=False),
                name="ai_session_messages_line",
            ),
        ]
        indexes = [
            models.Index(fields=["session", "asked_at"], name="ai_session_messages_of_idx"),
            models.Index(
                fields=["asked_at"], condition=Q(state__in=["queued", "sent"]), name="ai_session_messages_open_idx"
            ),
            models.Index(fields=["asked_at", "id"], name="ai_session_messages_asked_idx"),
        ]

    def __str__(self) -> str:
        return f"chat message {self.pk}"
