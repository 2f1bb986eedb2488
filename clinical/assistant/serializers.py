"""Shapes of the talk with the assistant in the app."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.models import AiSession
from core.api.fields import StrictCharField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from core.times import in_zone

STATUSES = ["pending", "done", "refused"]
_REPLY = "What the assistant said, one line; null while there is no answer."
_EMERGENCY = "The hospital's emergency text, without the assistant: show it so that nobody misses it."


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "source": "PHONE_CALL",
        "start_time": "2026-03-02T09:00:00+01:00",
        "ended_at": "2026-03-02T09:04:30+01:00",
        "time_zone": "Europe/Vienna",
        "summary": "Asked for a visit and booked one.",
        "appointments": ["5a3e8f0d-1f44-4b6a-8f7b-3c2d1e0f9a88"],
    }
)
class AiSessionListItemSerializer(serializers.Serializer[AiSession]):
    """Without the transcript: opening one is on record, and a list is not."""

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


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "source": "PHONE_CALL",
        "start_time": "2026-03-02T09:00:00+01:00",
        "ended_at": "2026-03-02T09:04:30+01:00",
        "time_zone": "Europe/Vienna",
        "summary": "Asked for a visit and booked one.",
        "appointments": ["5a3e8f0d-1f44-4b6a-8f7b-3c2d1e0f9a88"],
        "transcript": "Assistant: How can I help?",
    }
)
class AiSessionSerializer(AiSessionListItemSerializer):
    transcript = serializers.CharField(allow_null=True)

    def to_representation(self, instance: AiSession) -> dict[str, Any]:
        return {**super().to_representation(instance), "transcript": instance.transcript}


@example({"hospital": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01"})
class NewAiSessionSerializer(StrictSerializer):
    hospital = StrictUUIDField(
        required=False, allow_null=True, default=None, help_text="The hospital it is about, if about one."
    )


@example({"text": "When are you open?"})
class ChatMessageSerializer(StrictSerializer):
    # How long it may be is a rule of the talk's, after those of an emergency.
    text = StrictCharField(help_text="Up to 2000 characters; line breaks become spaces.")


@example(
    {
        "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "status": "pending",
        "reply": None,
        "is_emergency": False,
        "code": None,
    }
)
class ChatOutcomeSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES)
    reply = serializers.CharField(allow_null=True, help_text=_REPLY)
    is_emergency = serializers.BooleanField(help_text=_EMERGENCY)
    code = serializers.CharField(allow_null=True, help_text="Why it was refused: `assistant_unavailable`.")


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "source": "APP",
        "start_time": "2026-03-02T09:00:00+01:00",
        "ended_at": None,
        "time_zone": "Europe/Vienna",
        "summary": None,
        "appointments": [],
        "transcript": "User: When are you open?\nAI: From 8 to 16.",
        "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "status": "done",
        "reply": "From 8 to 16.",
        "is_emergency": False,
    }
)
class ChatAnswerSerializer(AiSessionSerializer):
    """The talk as it stands, and what was answered now."""

    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["done"])
    reply = serializers.CharField(help_text=_REPLY)
    is_emergency = serializers.BooleanField(help_text=_EMERGENCY)
