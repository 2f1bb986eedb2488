"""What a patient asks the calendar for about a visit, and what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.devices.authentication import signed_in_patient
from accounts.models import User
from clinical.idempotency import claimed_key
from clinical.models import Appointment
from clinical.ports import CANCELLATION_REFUSALS, MOVE_REFUSALS, WaitingRequest, booking_provider
from clinical.visits.api_outcomes import (
    already_so,
    answer_when_known,
    keyed_headers,
    outcome_document,
    still_waiting,
    waiting_headers,
)
from clinical.visits.booking import request_cancellation, request_reschedule, withdraw_request
from clinical.visits.document import VisitRow, own_visit
from clinical.visits.serializers import (
    CANCELLATIONS,
    MOVES,
    OUTCOMES,
    WITHDRAWALS,
    BookingOutcomeSerializer,
    CancellationSerializer,
    RescheduleSerializer,
    WaitingRequestsSerializer,
)
from core.api.fields import StrictSerializer
from core.api.idempotency import key_parameter
from core.api.schema import operations, refuses
from core.times import in_zone
from hospitals.models import Doctor
from hospitals.staff.serializers import doctor_document

_OUTCOMES = {200: BookingOutcomeSerializer, 202: BookingOutcomeSerializer}
_HEADERS = [key_parameter(required=False), *keyed_headers()]


def _refusals(*of_calendar: str, of_start: Sequence[str] = ()) -> dict[int, list[str]]:
    return {
        400: ["idempotency_key_required", *of_start],
        409: [*of_calendar, "visit_not_open", "change_pending", "idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
        429: ["too_many_changes"],
    }


def own_visit_or_404(appointment_id: uuid.UUID, *, by: User) -> VisitRow:
    try:
        return own_visit(appointment_id, by=by)
    except Appointment.DoesNotExist:
        raise Http404 from None


@operations(post="rescheduleAppointment")
class RescheduleView(APIView):
    @extend_schema(request=RescheduleSerializer, responses=_OUTCOMES, parameters=_HEADERS, examples=MOVES)
    @refuses(_refusals(*MOVE_REFUSALS, of_start=["in_the_past", "too_far"]))
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Move an appointment to another time; it keeps its id. If it has that time already, nothing is done: 200."""
        return _change(request, appointment_id, RescheduleSerializer(data=request.data), request_reschedule)


@operations(post="cancelAppointment")
class CancelView(APIView):
    @extend_schema(request=CancellationSerializer, responses=_OUTCOMES, parameters=_HEADERS, examples=CANCELLATIONS)
    @refuses(_refusals(*CANCELLATION_REFUSALS))
    def post(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """Cancel an appointment. If it is cancelled already, nothing is done: 200."""
        return _change(request, appointment_id, CancellationSerializer(data=request.data), request_cancellation)


def _change(
    request: Request, appointment_id: uuid.UUID, body: StrictSerializer, ask: Callable[..., uuid.UUID | None]
) -> Response:
    """Ask for what the body says, unless its key has done so, and answer with what becomes of it."""
    user = signed_in_patient(request)
    body.is_valid(raise_exception=True)
    visit = own_visit_or_404(appointment_id, by=user)
    with claimed_key(request, body.validated_data, owner_id=user.pk) as claim:
        request_id = (claim and claim.request_id) or ask(
            **{"reason": "", **body.validated_data}, by=user, appointment_id=visit["id"], claim=claim, at=timezone.now()
        )
    if request_id is None:
        return Response(already_so(own_visit_or_404(visit["id"], by=user)))
    return answer_when_known(request, request_id, by=user, done_status=200, claim=claim)


@operations(get="listBookingRequests")
class BookingRequestListView(APIView):
    @extend_schema(responses={200: WaitingRequestsSerializer})
    def get(self, request: Request) -> Response:
        """Bookings, moves and cancellations whose outcome is not known yet, the oldest first."""
        user = signed_in_patient(request)
        waiting = booking_provider().waiting_requests(patient_id=user.pk)
        return Response({"results": _waiting_documents(waiting)})


@operations(get="getBookingRequest", delete="withdrawBookingRequest")
class BookingRequestView(APIView):
    @extend_schema(responses={200: BookingOutcomeSerializer}, examples=OUTCOMES)
    def get(self, request: Request, request_id: uuid.UUID) -> Response:
        """The outcome of a booking, move or cancellation that was answered with 202."""
        user = signed_in_patient(request)
        outcome = booking_provider().outcome(request_id, patient_id=user.pk)
        if outcome is None:
            raise Http404
        return Response(outcome_document(outcome, by=user))

    @extend_schema(request=None, responses=_OUTCOMES, parameters=waiting_headers(), examples=WITHDRAWALS)
    @refuses({409: ["not_withdrawable"]})
    def delete(self, request: Request, request_id: uuid.UUID) -> Response:
        """Withdraw a booking or move that is pending. 200: it will not be carried out (`refused`, `withdrawn`). 202: a
        booking that was already sent; if it was made after all, it is cancelled.
        """
        user = signed_in_patient(request)
        outcome = withdraw_request(by=user, request_id=request_id, at=timezone.now())
        if outcome is None:
            raise Http404
        if outcome.state == "pending":
            return Response(outcome_document(outcome, by=user), status=202, headers=still_waiting(request, request_id))
        return Response(outcome_document(outcome, by=user))


def _waiting_documents(waiting: Sequence[WaitingRequest]) -> list[dict[str, Any]]:
    doctors = Doctor.objects.with_names().in_bulk([one.doctor_id for one in waiting])
    return [_waiting_document(one, doctors[one.doctor_id]) for one in waiting]


def _waiting_document(waiting: WaitingRequest, doctor: Doctor) -> dict[str, Any]:
    zone = doctor.hospital.time_zone
    return {
        "request_id": waiting.request_id,
        "kind": waiting.kind,
        "doctor": doctor_document(doctor.pk, doctor.full_name, doctor.specialty),
        "appointment_id": waiting.appointment_id,
        "start": in_zone(waiting.start, zone) if waiting.start else None,
        "created_at": in_zone(waiting.asked_at, zone),
        "expires_at": in_zone(waiting.expires_at, zone) if waiting.expires_at else None,
    }
