"""Shapes of the talk with the assistant in the app."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.models import AiSession
from clinical.visits.serializers import STATUSES
from core.api.fields import OneLineField, OpenChoiceField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from core.times import in_zone

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
class AiSessionSummarySerializer(serializers.Serializer[AiSession]):
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
        "source": "APP",
        "start_time": "2026-03-02T09:00:00+01:00",
        "ended_at": None,
        "time_zone": "Europe/Vienna",
        "summary": None,
        "appointments": [],
        "transcript": "User: When are you open?\nAI: From 8 to 16.",
    }
)
class AiSessionSerializer(AiSessionSummarySerializer):
    """A talk with its transcript."""

    transcript = serializers.CharField(
        allow_null=True, help_text="A line for each turn, begun by `User:` or `AI:`; null while nothing was said."
    )

    def to_representation(self, instance: AiSession) -> dict[str, Any]:
        return {**super().to_representation(instance), "transcript": instance.transcript}


@example({"hospital": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01"})
class NewAiSessionSerializer(StrictSerializer):
    hospital = StrictUUIDField(required=False, allow_null=True, help_text="The hospital it is about, if about one.")


@example({"text": "When are you open?"})
class ChatMessageSerializer(StrictSerializer):
    # How long it may be is a rule of the talk's, after those of an emergency.
    text = OneLineField(help_text="Up to 2000 characters; line breaks become spaces.")


@example(
    {
        "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "status": "done",
        "reply": "From 8 to 16.",
        "is_emergency": False,
        "code": None,
        "session": {
            "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
            "source": "APP",
            "start_time": "2026-03-02T09:00:00+01:00",
            "ended_at": None,
            "time_zone": "Europe/Vienna",
            "summary": None,
            "appointments": [],
            "transcript": "User: When are you open?\nAI: From 8 to 16.",
        },
    }
)
class ChatOutcomeSerializer(serializers.Serializer[Any]):
    """What became of a message, in every answer about it."""

    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES)
    reply = serializers.CharField(allow_null=True, help_text=_REPLY)
    is_emergency = serializers.BooleanField(help_text=_EMERGENCY)
    code = OpenChoiceField(
        ["assistant_unavailable"], allow_null=True, help_text="Why there is no reply, where it is refused."
    )
    session = AiSessionSerializer(allow_null=True, help_text="The talk as it stands, once it is done.")
