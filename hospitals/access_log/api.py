"""A patient's own access log: who opened or changed the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access_log.record import AccessAction
from accounts.devices.authentication import signed_in_patient
from accounts.models import AccessEvent, Profile
from accounts.roles import Role
from core.api.fields import OpenChoiceField
from core.api.schema import example, operations
from core.times import in_zone
from hospitals.models import Hospital
from hospitals.staff.serializers import HospitalNameSerializer, hospital_document


@example(
    {
        "at": "2026-03-02T10:00:00+01:00",
        "actor_name": "Dora Huber",
        "actor_role": "DOCTOR",
        "hospital": {
            "id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01",
            "name": "North Hospital",
            "time_zone": "Europe/Vienna",
        },
        "kind": "opened_patient",
    }
)
class AccessEventSerializer(serializers.Serializer[AccessEvent]):
    # `names` and `hospitals` of the page's rows come in the context, by id.

    at = serializers.DateTimeField()
    actor_name = serializers.CharField(allow_null=True, help_text="Null for what the system did by itself.")
    actor_role = OpenChoiceField([*Role.values, ""], help_text="Empty for an operator, and for the system.")
    hospital = HospitalNameSerializer(allow_null=True)
    kind = OpenChoiceField(AccessAction)

    def to_representation(self, instance: AccessEvent) -> dict[str, Any]:
        hospital = self.context["hospitals"].get(instance.hospital_id)
        return {
            "at": in_zone(instance.at, hospital.time_zone if hospital else None),
            "actor_name": self.context["names"].get(instance.actor_id),
            "actor_role": instance.actor_role,
            "hospital": hospital_document(hospital.pk, hospital.name, hospital.time_zone) if hospital else None,
            "kind": instance.action,
        }


@operations(get="listAccessLog")
class AccessLogView(ListAPIView[AccessEvent]):
    """Who opened or changed the patient's record, the newest first."""

    serializer_class = AccessEventSerializer
    queryset = AccessEvent.objects.none()
    # Not by the id, which would tell in the cursor how many lines there are in all.
    ordering = ("-at", "-id")

    def get_queryset(self) -> QuerySet[AccessEvent]:
        return AccessEvent.objects.for_user(signed_in_patient(self.request))

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        events = list(self.paginate_queryset(self.get_queryset()) or [])
        serializer = AccessEventSerializer(context=log_context(events))
        return self.get_paginated_response([serializer.to_representation(event) for event in events])


def log_context(events: Sequence[AccessEvent]) -> dict[str, Any]:
    """Who and where of these lines, for their serializer."""
    return {"names": _names(events), "hospitals": _hospitals(events)}


def _names(events: Sequence[AccessEvent]) -> dict[Any, str]:
    actors = {event.actor_id for event in events if event.actor_id}
    return dict(Profile.objects.filter(user_id__in=actors).values_list("user_id", "full_name"))


def _hospitals(events: Sequence[AccessEvent]) -> dict[Any, Hospital]:
    return Hospital.objects.in_bulk({event.hospital_id for event in events if event.hospital_id})
