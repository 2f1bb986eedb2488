"""Hospitals, doctors and the access log as patients see them."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from core.api.schema import example
from hospitals.models import Hospital


@example(
    {
        "id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01",
        "name": "North Hospital",
        "address": "Main Street 1, Vienna",
        "time_zone": "Europe/Vienna",
    }
)
class HospitalSerializer(serializers.Serializer[Hospital]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField(allow_null=True)

    def to_representation(self, instance: Hospital) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "name": instance.name,
            "address": instance.address,
            "time_zone": instance.time_zone,
        }


class HospitalNameSerializer(serializers.Serializer[Hospital]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    time_zone = serializers.CharField(allow_null=True)


def hospital_document(pk: uuid.UUID | None, name: str | None, time_zone: str | None) -> dict[str, Any] | None:
    """What `HospitalNameSerializer` describes; None for no hospital."""
    return {"id": pk, "name": name, "time_zone": time_zone} if pk else None


class DoctorNameSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    full_name = serializers.CharField()
    specialty = serializers.CharField(allow_null=True)


def doctor_document(pk: uuid.UUID, full_name: str | None, specialty: str | None) -> dict[str, Any]:
    """What `DoctorNameSerializer` describes."""
    return {"id": pk, "full_name": full_name or "", "specialty": specialty}
