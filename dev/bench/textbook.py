"""The textbook way to serve our visits: a model serializer for each table, a view set, pages with a count.

Everything around it is ours: settings, middleware, token, permissions, address. What differs is the view alone.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ModelViewSet

from accounts.devices.authentication import signed_in_patient
from clinical.models import Appointment, VisitDecision
from hospitals.models import Doctor, Hospital

PAGE = 20


class DoctorSerializer(serializers.ModelSerializer[Doctor]):
    id = serializers.UUIDField(source="user_id")
    full_name = serializers.CharField(source="user.profile.full_name", default="")

    class Meta:
        model = Doctor
        fields = ("id", "full_name", "specialty")


class HospitalSerializer(serializers.ModelSerializer[Hospital]):
    class Meta:
        model = Hospital
        fields = ("id", "name", "time_zone")


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    doctor = DoctorSerializer(read_only=True)
    hospital = HospitalSerializer(read_only=True)
    start = serializers.DateTimeField(source="start_ts")
    end = serializers.DateTimeField(source="end_ts")
    pending_confirmation = serializers.BooleanField(source="is_pending_confirmation", read_only=True)
    asked_to_move = serializers.SerializerMethodField()
    move_reason = serializers.SerializerMethodField()

    class Meta:
        model = Appointment
        fields = (
            *("id", "doctor", "hospital", "start", "end", "status", "pending_confirmation", "no_show"),
            *("cancellation_reason", "asked_to_move", "move_reason", "created_at"),
        )

    def get_asked_to_move(self, visit: Any) -> bool:
        return bool(visit.asks)

    def get_move_reason(self, visit: Any) -> str | None:
        return visit.asks[0].reason or None if visit.asks else None


class Pages(PageNumberPagination):
    page_size = PAGE


class AppointmentViewSet(ModelViewSet[Appointment]):
    serializer_class = AppointmentSerializer
    pagination_class = Pages
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]

    def get_queryset(self) -> QuerySet[Appointment]:
        asks = Prefetch("decisions", VisitDecision.objects.open_asks(at=timezone.now()), to_attr="asks")
        return (
            Appointment.objects.filter(patient_id=signed_in_patient(self.request).pk)
            .select_related("doctor__user__profile", "hospital")
            .prefetch_related(asks)
            .order_by("-start_ts", "-id")
        )


_router = SimpleRouter()
_router.register("appointments", AppointmentViewSet, basename="appointment")
urlpatterns = [path("api/v1/", include(_router.urls))]
