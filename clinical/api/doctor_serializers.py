"""Shapes of doctors and their free times. `to_representation` is written out, as in `serializers`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.schema import example
from hospitals.models import Doctor


class DoctorHospitalSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


@example(
    {
        "id": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03",
        "full_name": "Dora Huber",
        "specialty": "Cardiology",
        "profile_image_url": None,
        "hospital": {"id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01", "name": "North Hospital"},
        "bookable": True,
    }
)
class DoctorSerializer(serializers.Serializer[Doctor]):
    """`bookable` comes in the context: the ids of the page's doctors who can be booked."""

    id = serializers.UUIDField()
    full_name = serializers.CharField()
    specialty = serializers.CharField(allow_null=True)
    profile_image_url = serializers.URLField(allow_null=True)
    hospital = DoctorHospitalSerializer()
    bookable = serializers.BooleanField()

    def to_representation(self, instance: Doctor) -> dict[str, Any]:
        profile = getattr(instance.user, "profile", None)
        return {
            "id": instance.pk,
            "full_name": instance.full_name,
            "specialty": instance.specialty,
            "profile_image_url": profile.profile_image_url if profile else None,
            "hospital": {"id": instance.hospital.pk, "name": instance.hospital.name},
            "bookable": instance.pk in self.context["bookable"],
        }


class SlotSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


@example(
    {
        "slots": [{"start": "2026-03-04T10:00:00+01:00", "end": "2026-03-04T10:30:00+01:00"}],
        "source": "calcom",
        "as_of": "2026-03-02T10:00:00+01:00",
        "time_zone": "Europe/Vienna",
    }
)
class SlotsSerializer(serializers.Serializer[Any]):
    slots = SlotSerializer(many=True)
    # The type checker sees the base class's attribute; the metaclass takes the field away before it could hide it.
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["calcom", "local"],
        help_text="`local`: the calendar did not answer, these are reckoned from the doctor's hours.",
    )
    as_of = serializers.DateTimeField()
    time_zone = serializers.CharField()
