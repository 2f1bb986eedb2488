"""Answers to a request that a worker carries out: the visit, a conflict, or "not yet"."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import orjson
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from clinical.models import Appointment
from clinical.ports import CALENDAR_REFUSALS, BookingOutcome, KeyClaim, booking_provider, idempotency_store
from clinical.visits.booking import PhoneNotValid
from clinical.visits.document import VisitRow, own_visit, visit_document
from core.api.errors import ApiConflict
from core.refusals import Invalid

_MESSAGES: dict[str, str | Promise] = {
    "slot_taken": _("This time has been taken in the meantime."),
    "not_bookable": _("This doctor cannot be booked in the app."),
    "phone_not_valid": PhoneNotValid.message,
    "visit_changed": _("This visit was changed in the meantime: look at it again."),
    "calendar_unavailable": _("The calendar could not be reached: please try again later."),
}
_REFUSED = _("The calendar refused this.")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answer_when_known(request_id: uuid.UUID, *, by: User, done_status: int) -> Response:
    """Wait a little for the outcome, outside any transaction.

    Raises: ApiConflict for a request that was refused.
    """
    outcome = booking_provider().wait_for_outcome(request_id, patient_id=by.pk)
    visit = visit_of(outcome, by=by)
    if outcome.state == "refused":
        code = _refusal_of(outcome)
        raise ApiConflict(str(_MESSAGES.get(code, _REFUSED)), code=code)
    if visit is None:
        return Response({"request_id": request_id, "status": "pending"}, status=202)
    return Response(visit_document(visit), status=done_status)


def outcome_document(outcome: BookingOutcome, *, by: User) -> dict[str, Any]:
    visit = visit_of(outcome, by=by)
    is_settled = outcome.state == "refused" or visit is not None
    return {
        "request_id": outcome.request_id,
        "status": outcome.state if is_settled else "pending",
        "appointment": visit_document(visit) if visit else None,
        "code": _refusal_of(outcome) if outcome.state == "refused" else None,
    }


def _refusal_of(outcome: BookingOutcome) -> str:
    return outcome.code if outcome.code in CALENDAR_REFUSALS else "refused"


def visit_of(outcome: BookingOutcome, *, by: User) -> VisitRow | None:
    """The visit that came of it; None while there is none to show, even if the calendar has it already."""
    if outcome.state != "done" or outcome.appointment_id is None:
        return None
    try:
        return own_visit(outcome.appointment_id, by=by)
    except Appointment.DoesNotExist:
        return None


class IdempotencyKeyRequired(Invalid):
    code = "idempotency_key_required"
    message = _("Send an Idempotency-Key of 1 to 255 visible characters, new for each booking.")


@contextmanager
def claimed_key(request: Request, *, owner_id: uuid.UUID) -> Generator[KeyClaim]:
    """Claim the request's key; whatever goes wrong inside gives it up.

    Raises: IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyRequired
    store = idempotency_store()
    claim = store.claim(owner_id=owner_id, key=key, request_hash=_hash(request), at=timezone.now())
    try:
        yield claim
    except BaseException:
        store.release(claim)
        raise


def _hash(request: Request) -> str:
    body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
