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
from clinical.mirror.facts import RESCHEDULE_REQUESTED
from clinical.models import Appointment, VisitDecision
from hospitals.models import Doctor, Hospital
from integrations.models import BookingRequest

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
    source = serializers.SerializerMethodField()  # type: ignore[assignment]  # that of a `Field`: its metaclass takes it
    reason = serializers.SerializerMethodField()
    needs_acceptance = serializers.SerializerMethodField()
    can_cancel = serializers.SerializerMethodField()
    can_reschedule = serializers.SerializerMethodField()
    join_url = serializers.ReadOnlyField(default=None)
    updated_at = serializers.SerializerMethodField()

    class Meta:
        model = Appointment
        fields = (
            *("id", "doctor", "hospital", "start", "end", "status", "source", "reason", "needs_acceptance"),
            *("pending_confirmation", "no_show", "cancellation_reason", "asked_to_move", "move_reason", "can_cancel"),
            *("can_reschedule", "join_url", "created_at", "updated_at"),
        )

    def get_asked_to_move(self, visit: Any) -> bool:
        return bool(visit.asks)

    def get_move_reason(self, visit: Any) -> str | None:
        return visit.asks[0].reason or None if visit.asks else None

    def get_source(self, visit: Appointment) -> str:
        if visit.ai_session_id:
            return "assistant"
        return "app" if visit.patient_match == Appointment.PatientMatch.REFERENCE else "hospital"

    def get_reason(self, visit: Any) -> str | None:
        return visit.booked_with[0].reason or None if visit.booked_with else None

    def get_needs_acceptance(self, visit: Appointment) -> bool:
        is_proven = visit.patient_match == Appointment.PatientMatch.REFERENCE
        is_own = is_proven or visit.identity_confirmed_at is not None
        return not is_own and visit.status != Appointment.Status.CANCELLED

    def get_can_cancel(self, visit: Appointment) -> bool:
        return visit.status == Appointment.Status.SCHEDULED and visit.start_ts > timezone.now()

    def get_can_reschedule(self, visit: Appointment) -> bool:
        is_asked = (visit.status, visit.cancellation_reason) == (Appointment.Status.CANCELLED, RESCHEDULE_REQUESTED)
        is_movable = is_asked or visit.status == Appointment.Status.SCHEDULED
        return is_movable and visit.start_ts > timezone.now() and visit.doctor.user.is_active

    def get_updated_at(self, visit: Any) -> Any:
        changes = [visit.updated_at, *(ask.decided_at for ask in visit.asks[:1])]
        return max([visit.created_at, *(moment for moment in changes if moment)])


class Pages(PageNumberPagination):
    page_size = PAGE


class AppointmentViewSet(ModelViewSet[Appointment]):
    serializer_class = AppointmentSerializer
    pagination_class = Pages
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]

    def get_queryset(self) -> QuerySet[Appointment]:
        asks = Prefetch("decisions", VisitDecision.objects.open_asks(at=timezone.now()), to_attr="asks")
        booked = Prefetch("booking_requests", BookingRequest.objects.filter(kind="book"), to_attr="booked_with")
        return (
            Appointment.objects.filter(patient_id=signed_in_patient(self.request).pk)
            .select_related("doctor__user__profile", "hospital")
            .prefetch_related(asks, booked)
            .order_by("-start_ts", "-id")
        )


_router = SimpleRouter()
_router.register("appointments", AppointmentViewSet, basename="appointment")
urlpatterns = [path("api/v1/", include(_router.urls))]
