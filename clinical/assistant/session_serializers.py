"""Talks with the assistant as the app gets them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.models import AiSession
from core.api.schema import example
from core.times import in_zone


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
