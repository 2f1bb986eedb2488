from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import Q

from accounts.models import Patient
from clinical.querysets import AiSessionQuerySet
from core.db.fields import DbForeignKey, EnumField, GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy
from hospitals.models import Hospital


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    exclude=["transcript"],
    model_name="AiSessionHistory",
    meta={"db_table": "ai_session_history"},
)
class AiSession(models.Model):
    """One talk of a patient with the assistant, on the phone or in the app."""

    class Source(models.TextChoices):
        APP = "APP", "in the app"
        PHONE_CALL = "PHONE_CALL", "phone call"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    patient = DbForeignKey(Patient, models.CASCADE, db_on_delete="CASCADE", related_name="ai_sessions")
    source = EnumField(enum_type="ai_session_source", choices=Source.choices)
    vapi_session_id = NullableTextField(null=True, blank=True)
    twilio_call_id = NullableTextField(null=True, blank=True)
    transcript = NullableTextField(null=True, blank=True)
    summary = NullableTextField(null=True, blank=True)
    start_time = models.DateTimeField(db_default=TransactionNow())
    hospital = DbForeignKey(Hospital, models.SET_NULL, db_on_delete="SET NULL", null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    caller_verified = models.BooleanField(db_default=False)
    # Somebody was told so; that a booking exists is another matter (`clinical.assistant.session_bookings`).
    says_booked = models.BooleanField(db_default=False)

    privacy = privacy(
        sensitive="transcript summary twilio_call_id vapi_session_id",
        safe="id patient source start_time hospital ended_at caller_verified says_booked",
    )

    objects = AiSessionQuerySet.as_manager()

    if TYPE_CHECKING:
        patient_id: uuid.UUID
        hospital_id: uuid.UUID | None

    class Meta:
        db_table = "ai_sessions"
        db_table_comment = "Logs all patient conversations with the AI, from app or phone."
        indexes = [
            models.Index(fields=["patient"], name="idx_ai_sessions_patient"),
            models.Index(fields=["hospital", "-start_time"], name="ai_sessions_hospital_idx"),
            models.Index(fields=["start_time"], name="ai_sessions_start_idx"),
            models.Index(fields=["vapi_session_id"], name="ai_sessions_vapi_idx"),
            models.Index(
                fields=["start_time"], condition=Q(transcript__isnull=False), name="ai_sessions_transcript_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"AI session {self.pk}"

    @property
    def is_caller_proven(self) -> bool:
        """Who uses the app has signed in; who calls may be anybody who holds the phone."""
        return self.caller_verified or self.source == self.Source.APP

    @classmethod
    def caller_proven(cls, path: str) -> Q:
        """The same of rows that have the talk at `path`, which ends in `__`."""
        return Q(**{f"{path}caller_verified": True}) | Q(**{f"{path}source": cls.Source.APP})


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
