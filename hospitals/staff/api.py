from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.devices.authentication import OPEN_BEFORE_STEP_UP, signed_in_patient
from accounts.models import AccessEvent, Profile
from hospitals.models import Hospital
from hospitals.staff.serializers import AccessEventSerializer, HospitalSerializer


class HospitalListView(ListAPIView[Hospital]):
    """Hospitals, by name."""

    permission_classes = OPEN_BEFORE_STEP_UP
    serializer_class = HospitalSerializer
    queryset = Hospital.objects.none()
    ordering = ("name", "id")

    def get_queryset(self) -> QuerySet[Hospital]:
        return Hospital.objects.for_user(signed_in_patient(self.request))


class HospitalView(RetrieveAPIView[Hospital]):
    """One hospital."""

    permission_classes = OPEN_BEFORE_STEP_UP
    serializer_class = HospitalSerializer
    queryset = Hospital.objects.none()

    def get_queryset(self) -> QuerySet[Hospital]:
        return Hospital.objects.for_user(signed_in_patient(self.request))


class AccessLogView(ListAPIView[AccessEvent]):
    """Who opened or changed one's record, newest first."""

    serializer_class = AccessEventSerializer
    queryset = AccessEvent.objects.none()
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[AccessEvent]:
        return AccessEvent.objects.for_user(signed_in_patient(self.request))

    @extend_schema(operation_id="access_log_list")
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
