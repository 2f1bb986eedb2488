"""A doctor as patients see one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.schema import example
from hospitals.models import Doctor, Hospital


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


def hospital_name(hospital: Hospital | None) -> dict[str, Any] | None:
    if hospital is None:
        return None
    return {"id": hospital.pk, "name": hospital.name, "time_zone": hospital.time_zone}


REASON_LENGTH = 500


class PersonSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    full_name = serializers.CharField()
    specialty = serializers.CharField(allow_null=True)


def _person(doctor: Doctor) -> dict[str, Any]:
    return {"id": doctor.pk, "full_name": doctor.full_name, "specialty": doctor.specialty}
