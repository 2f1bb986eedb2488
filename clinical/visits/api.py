from __future__ import annotations

import uuid
from typing import Any

import django_filters
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.models import Appointment
from clinical.ports import CALENDAR_REFUSALS, booking_provider
from clinical.visits.api_outcomes import answer_when_known, claimed_key, outcome_document
from clinical.visits.booking import accept_visit, request_booking, request_cancellation, request_reschedule
from clinical.visits.document import (
    ORDER,
    AppointmentSerializer,
    NewestVisits,
    VisitRow,
    own_visit,
    own_visits,
    visit_document,
)
from clinical.visits.serializers import (
    BookingOutcomeSerializer,
    BookingSerializer,
    CancellationSerializer,
    PendingSerializer,
    RescheduleSerializer,
)
from core.api.pages import MomentFilter
from core.api.rendering import revalidated
from core.api.schema import not_modified, refuses

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="New for each booking, the same when one is tried again. Remembered for 24 hours.",
)


class AppointmentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Appointment.Status.choices)


# `from` is a word of Python's.
AppointmentFilter.base_filters["from"] = MomentFilter("start_ts", "gte", label="Visits that begin at or after this.")
AppointmentFilter.base_filters["to"] = MomentFilter("start_ts", "lt", label="Visits that begin before this.")


def _visit(appointment_id: uuid.UUID, *, by: User) -> VisitRow:
    try:
        return own_visit(appointment_id, by=by)
    except Appointment.DoesNotExist:
        raise Http404 from None


class AppointmentListView(ListAPIView[Any]):
    """One's own visits, the latest first."""

    serializer_class = AppointmentSerializer
    filterset_class = AppointmentFilter
    queryset = Appointment.objects.none()
    ordering = ORDER

    def get_queryset(self) -> Any:
        user = signed_in_patient(self.request)
        return own_visits(user, at=timezone.now()) if self.request.query_params else NewestVisits(user)

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(queryset) if self.request.query_params else queryset

    @not_modified
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return revalidated(request, self.get_paginated_response([visit_document(row) for row in rows]))

    @extend_schema(
        request=BookingSerializer,
        responses={201: AppointmentSerializer, 202: PendingSerializer},
        parameters=[IDEMPOTENCY_KEY],
        filters=False,
    )
    @refuses(
        {
            400: ["idempotency_key_required", "in_the_past"],
            409: [*CALENDAR_REFUSALS, "profile_incomplete", "too_many_open", "idempotency_key_in_use"],
            422: ["idempotency_key_reused"],
        }
    )
    def post(self, request: Request) -> Response:
        """Book a visit. 202 while the calendar has not answered: ask `appointments/requests/{id}/` later."""
        user = signed_in_patient(request)
        body = BookingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with claimed_key(request, owner_id=user.pk) as claim:
            request_id = claim.request_id or request_booking(
                by=user,
                doctor_id=body.validated_data["doctor"],
                start=body.validated_data["start"],
                reason=body.validated_data["reason"],
                claim=claim,
                at=timezone.now(),
            )
        return answer_when_known(request_id, by=user, done_status=201)


class AppointmentView(APIView):
    @extend_schema(responses={200: AppointmentSerializer})
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """One visit. An id that was merged into another visit's answers with that visit."""
        return Response(visit_document(_visit(appointment_id, by=signed_in_patient(request))))


class BookingRequestView(APIView):
    @extend_schema(responses={200: BookingOutcomeSerializer})
    def get(self, request: Request, request_id: uuid.UUID) -> Response:
        """What became of a request that was answered with 202."""
        user = signed_in_patient(request)
        outcome = booking_provider().outcome(request_id, patient_id=user.pk)
        if outcome is None:
            raise Http404
        return Response(outcome_document(outcome, by=user))


class RescheduleView(APIView):
    @extend_schema(request=RescheduleSerializer, responses={200: AppointmentSerializer, 202: PendingSerializer})
    @refuses({400: ["in_the_past"], 409: [*CALENDAR_REFUSALS, "visit_not_open"]})
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Move a visit to another time; it keeps its id."""
        user = signed_in_patient(request)
        body = RescheduleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        request_id = request_reschedule(
            by=user, appointment_id=_visit(appointment_id, by=user)["id"], at=timezone.now(), **body.validated_data
        )
        return answer_when_known(request_id, by=user, done_status=200)


class CancelView(APIView):
    @extend_schema(request=CancellationSerializer, responses={200: AppointmentSerializer, 202: PendingSerializer})
    @refuses({409: [*CALENDAR_REFUSALS, "visit_not_open"]})
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Cancel a visit."""
        user = signed_in_patient(request)
        body = CancellationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        request_id = request_cancellation(
            by=user, appointment_id=_visit(appointment_id, by=user)["id"], at=timezone.now(), **body.validated_data
        )
        return answer_when_known(request_id, by=user, done_status=200)


class AcceptView(APIView):
    @extend_schema(request=None, responses={200: AppointmentSerializer})
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Say that a visit found by one's phone number is one's own. It opens the record to its doctor."""
        user = signed_in_patient(request)
        visit = _visit(appointment_id, by=user)
        accept_visit(by=user, appointment_id=visit["id"], at=timezone.now())
        return Response(visit_document(visit))
