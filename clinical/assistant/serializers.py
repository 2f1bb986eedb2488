"""Shapes of the talk with the assistant in the app."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinical.models import AiSession
from clinical.visits.serializers import STATUSES
from core.api.fields import OneLineField, OpenChoiceField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from core.times import in_zone

_REPLY = "The assistant's reply, one line; null unless the status is `done`."
_EMERGENCY = "The reply is the hospital's text for emergencies: show it so that it cannot be missed."


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "source": "PHONE_CALL",
        "start_time": "2026-03-02T09:00:00+01:00",
        "ended_at": "2026-03-02T09:04:30+01:00",
        "time_zone": "Europe/Vienna",
        "summary": "Asked for an appointment and booked one.",
        "appointments": ["5a3e8f0d-1f44-4b6a-8f7b-3c2d1e0f9a88"],
    }
)
class AiSessionSummarySerializer(serializers.Serializer[AiSession]):
    """Without the transcript, which is read one conversation at a time."""

    id = serializers.UUIDField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # as above
        choices=AiSession.Source.choices
    )
    start_time = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    time_zone = serializers.CharField(allow_null=True)
    summary = serializers.CharField(allow_null=True)
    appointments = serializers.ListField(child=serializers.UUIDField())

    def to_representation(self, instance: AiSession) -> dict[str, Any]:
        zone = instance.hospital.time_zone if instance.hospital else None
        return {
            "id": instance.pk,
            "source": instance.source,
            "start_time": in_zone(instance.start_time, zone),
            "ended_at": in_zone(instance.ended_at, zone) if instance.ended_at else None,
            "time_zone": zone,
            "summary": instance.summary,
            "appointments": [visit.pk for visit in instance.appointments.all()],
        }


EXAMPLE: dict[str, Any] = {
    "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
    "source": "APP",
    "start_time": "2026-03-02T09:00:00+01:00",
    "ended_at": None,
    "time_zone": "Europe/Vienna",
    "summary": None,
    "appointments": [],
    "transcript": "User: When are you open?\nAI: From 8 to 16.",
}
_DONE = {
    "request_id": "6b3f0c1e-8f0a-4a53-9f62-1c7d2e5b4a90",
    "status": "done",
    "reply": "From 8 to 16.",
    "is_emergency": False,
    "code": None,
    "session": EXAMPLE,
}
# What begins a conversation, and what it answers.
NEW_SESSIONS = [
    OpenApiExample("New", value={**EXAMPLE, "transcript": None}, status_codes=["200", "201"], response_only=True),
    OpenApiExample("About a hospital", value={"hospital": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01"}, request_only=True),
]
_PENDING = {**_DONE, "status": "pending", "reply": None, "session": None}


@example(EXAMPLE)
class AiSessionSerializer(AiSessionSummarySerializer):
    """A conversation with its transcript."""

    transcript = serializers.CharField(
        allow_null=True,
        help_text="One line for each turn, beginning with `User:` or `AI:`; null until something was said.",
    )

    def to_representation(self, instance: AiSession) -> dict[str, Any]:
        return {**super().to_representation(instance), "transcript": instance.transcript}


@example({"hospital": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01"})
class NewAiSessionSerializer(StrictSerializer):
    hospital = StrictUUIDField(
        required=False, allow_null=True, help_text="The hospital it is about, if it is about one."
    )


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": settings.CHAT_MESSAGE_LENGTH})
class MessageField(OneLineField):
    """How long it may be is a rule of the conversation's, after those of an emergency."""


@example({"text": "When are you open?"})
class ChatMessageSerializer(StrictSerializer):
    text = MessageField(help_text="Line breaks become spaces.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Done", value=_DONE, status_codes=["200"], response_only=True),
        OpenApiExample("Pending", value=_PENDING, status_codes=["202"], response_only=True),
    ]
)
class ChatOutcomeSerializer(serializers.Serializer[Any]):
    """The outcome of a message."""

    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES)
    reply = serializers.CharField(allow_null=True, help_text=_REPLY)
    is_emergency = serializers.BooleanField(help_text=_EMERGENCY)
    code = OpenChoiceField(
        ["assistant_unavailable"], allow_null=True, help_text="Why there is no reply, once the status is `refused`."
    )
    session = AiSessionSerializer(allow_null=True, help_text="The conversation, once the status is `done`.")
