"""A doctor as patients see one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospitals.models import Doctor

REASON_LENGTH = 500


class PersonSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    full_name = serializers.CharField()
    specialty = serializers.CharField(allow_null=True)


def _person(doctor: Doctor) -> dict[str, Any]:
    return {"id": doctor.pk, "full_name": doctor.full_name, "specialty": doctor.specialty}
