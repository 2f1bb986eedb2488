from __future__ import annotations

import uuid
from typing import Any

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import signed_in_patient
from clinical.idempotency import claimed_key
from clinical.models import Appointment
from clinical.ports import BOOKING_REFUSALS
from clinical.visits.api_outcomes import answer_when_known, keyed_headers
from clinical.visits.booking import accept_visit, request_booking
from clinical.visits.document import (
    ORDER,
    SOONEST_FIRST,
    AppointmentSerializer,
    NewestVisits,
    own_visits,
    visit_document,
)
from clinical.visits.requests_api import own_visit_or_404
from clinical.visits.serializers import BookingOutcomeSerializer, BookingSerializer
from core.api.idempotency import key_parameter
from core.api.pages import ListFilter, MomentFilter
from core.api.rendering import revalidated
from core.api.schema import not_modified, operations, refuses


class AppointmentFilter(ListFilter):
    status = django_filters.ChoiceFilter(choices=Appointment.Status.choices)
    order = django_filters.ChoiceFilter(
        choices=[("start", "the earliest first"), ("-start", "the latest first")],
        method="filter_order",
        label="`start` for the earliest first, `-start` (the default) for the latest first.",
    )

    def filter_order(self, queryset: Any, name: str, value: str) -> Any:
        return queryset  # the page's, which goes by its cursor


# `from` is a word of Python's.
AppointmentFilter.base_filters["from"] = MomentFilter(
    "start_ts", "gte", label="Only appointments that begin at this time or later."
)
AppointmentFilter.base_filters["to"] = MomentFilter(
    "start_ts", "lt", label="Only appointments that begin before this time."
)


@operations(get="listAppointments", post="bookAppointment")
class AppointmentListView(ListAPIView[Any]):
    """The patient's appointments, the latest first unless `order=start`."""

    serializer_class = AppointmentSerializer
    filterset_class = AppointmentFilter
    queryset = Appointment.objects.none()

    @property
    def ordering(self) -> tuple[str, ...]:
        return SOONEST_FIRST if self.request.query_params.get("order") == "start" else ORDER

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
        responses={201: BookingOutcomeSerializer, 202: BookingOutcomeSerializer},
        parameters=[key_parameter(required=True), *keyed_headers(created=True)],
        filters=False,
    )
    @refuses(
        {
            400: ["idempotency_key_required", "in_the_past", "too_far"],
            409: [*BOOKING_REFUSALS, "profile_incomplete", "too_many_open", "idempotency_key_in_use"],
            422: ["idempotency_key_reused"],
        }
    )
    def post(self, request: Request) -> Response:
        """Book an appointment. 202 if the calendar has not answered yet: ask `Location` for the outcome."""
        user = signed_in_patient(request)
        body = BookingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with claimed_key(request, body.validated_data, owner_id=user.pk, required=True) as claim:
            request_id = (claim and claim.request_id) or request_booking(
                by=user,
                doctor_id=body.validated_data["doctor"],
                start=body.validated_data["start"],
                reason=body.validated_data.get("reason", ""),
                claim=claim,
                at=timezone.now(),
            )
        return answer_when_known(request, request_id, by=user, done_status=201, claim=claim)


@operations(get="getAppointment")
class AppointmentView(APIView):
    @extend_schema(responses={200: AppointmentSerializer})
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """One appointment. The id of an appointment that was merged into another one answers with that one."""
        return Response(visit_document(own_visit_or_404(appointment_id, by=signed_in_patient(request))))


@operations(post="acceptAppointment")
class AcceptView(APIView):
    @extend_schema(request=None, responses={200: AppointmentSerializer})
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Confirm that an appointment booked with the patient's phone number is the patient's own.

        Its doctor may then see the patient's record. Confirming again changes nothing.
        """
        user = signed_in_patient(request)
        visit = own_visit_or_404(appointment_id, by=user)
        accept_visit(by=user, appointment_id=visit["id"], at=timezone.now())
        return Response(visit_document(own_visit_or_404(visit["id"], by=user)))
