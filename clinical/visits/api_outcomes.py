"""Answers to a request that a worker carries out: the visit, a conflict, or "not yet"."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from clinical.models import Appointment
from clinical.ports import CALENDAR_REFUSALS, BookingOutcome, KeyClaim, booking_provider
from clinical.visits.document import VisitRow, own_visit, visit_document
from core.api.errors import ApiConflict
from core.api.idempotency import REPLAYED, replayed_header

# How soon it is worth asking for an outcome again.
ASK_AGAIN_SECONDS = 1


def keyed_headers(*, created: bool = False) -> list[OpenApiParameter]:
    """The headers of an answer that may be a 202, and to a key that was used before."""
    return [*waiting_headers(created=created), replayed_header(*([201] if created else [200]), 202)]


def waiting_headers(*, created: bool = False) -> list[OpenApiParameter]:
    """The headers of an answer that may be a 202, for its description."""
    located = [201, 202] if created else [202]
    return [
        OpenApiParameter(
            "Location",
            OpenApiTypes.URI,
            OpenApiParameter.HEADER,
            response=located,
            description="Where it is: what was made (201), or what becomes of it (202).",
        ),
        OpenApiParameter(
            "Retry-After",
            OpenApiTypes.INT,
            OpenApiParameter.HEADER,
            response=[202],
            description="Seconds after which to ask again.",
        ),
    ]


def answer_when_known(
    request: Request, request_id: uuid.UUID, *, by: User, done_status: int, claim: KeyClaim | None
) -> Response:
    """Wait a little for the outcome, outside any transaction.

    Raises: ApiConflict for a request that was refused.
    """
    outcome = booking_provider().wait_for_outcome(request_id, patient_id=by.pk)
    document = outcome_document(outcome, by=by)
    if document["status"] == "refused":
        raise ApiConflict(document["code"])
    headers = dict(REPLAYED) if claim is not None and claim.request_id else {}
    if document["status"] == "pending":
        return Response(document, status=202, headers={**headers, **still_waiting(request, request_id)})
    if done_status == 201:
        address = reverse("api-appointment", args=[document["appointment"]["id"]])
        headers["Location"] = request.build_absolute_uri(address)
    return Response(document, status=done_status, headers=headers)


def still_waiting(request: Request, request_id: uuid.UUID) -> dict[str, str]:
    address = reverse("api-booking-request", args=[request_id])
    return {"Location": request.build_absolute_uri(address), "Retry-After": str(ASK_AGAIN_SECONDS)}


def already_so(visit: VisitRow) -> dict[str, Any]:
    """The outcome of a request that asks for what is."""
    return _document(None, "done", visit=visit)


def outcome_document(outcome: BookingOutcome, *, by: User) -> dict[str, Any]:
    """What `BookingOutcomeSerializer` describes."""
    visit = _visit_of(outcome, by=by)
    if outcome.state == "refused":
        code = outcome.code if outcome.code in CALENDAR_REFUSALS else "refused"
        return _document(outcome.request_id, "refused", code=code)
    if visit is None:
        return _document(outcome.request_id, "pending", expires_at=outcome.expires_at)
    return _document(outcome.request_id, "done", visit=visit)


def _document(
    request_id: uuid.UUID | None,
    status: str,
    *,
    visit: VisitRow | None = None,
    code: str | None = None,
    expires_at: dt.datetime | None = None,
) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "status": status,
        "appointment": visit_document(visit) if visit else None,
        "code": code,
        "expires_at": expires_at,
    }


def _visit_of(outcome: BookingOutcome, *, by: User) -> VisitRow | None:
    """The visit that came of it; None while there is none to show, even if the calendar has it already."""
    if outcome.state != "done" or outcome.appointment_id is None:
        return None
    try:
        return own_visit(outcome.appointment_id, by=by)
    except Appointment.DoesNotExist:
        return None
