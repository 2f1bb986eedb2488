"""Staff cancel visits: one request each, one true outcome, and patients told when it is true."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from accounts.models import SmsMessage
from clinical.models import Appointment, VisitDecision
from clinical.ports import BookingOutcome
from clinical.visits.decisions import cancel_visit, state_of, tell_cancelled
from hospitals.ports import VisitChoice, booked_visits
from integrations.calcom.bookings.provider import BULK_PACE, CalcomBookings
from integrations.models import BookingRequest
from tests.clinical.records import make_visit
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.requests import book, held, run_all

pytestmark = pytest.mark.django_db


def test_a_visit_is_cancelled_there_and_here_and_the_patient_told(connected: Connected) -> None:
    book(connected)
    run_all()
    visit, now = Appointment.objects.get(), timezone.now()
    change = cancel_visit(appointment_id=visit.pk, reason="Ill", by=connected.doctor.user, at=now)
    assert change.request_id is not None
    outcomes = CalcomBookings().outcomes([change.request_id])
    assert state_of(change, visit, outcome=outcomes[change.request_id], at=now) == "cancelling"
    assert tell_cancelled(at=now) == 0
    run_all()
    visit.refresh_from_db()
    assert CalcomBookings().outcomes([change.request_id]) == {
        change.request_id: BookingOutcome(change.request_id, "done", visit.pk, None)
    }
    assert (visit.status, visit.cancellation_reason) == ("CANCELLED", "Ill")
    assert held(connected) == [(MONDAY_TEN, "cancelled")]
    assert tell_cancelled(at=now) == 1
    assert SmsMessage.objects.get().kind == "visit_cancelled"


def test_many_at_once_leave_room_for_patients(connected: Connected) -> None:
    visits = [
        make_visit(connected.patient, connected.doctor, MONDAY_TEN + number * dt.timedelta(hours=1))
        for number in range(3)
    ]
    choices: dict[uuid.UUID, VisitChoice] = {one.pk: "cancel" for one in visits}
    at = timezone.now()
    booked_visits().decide(choices, cause="hours", reason="", by=connected.doctor.user, at=at)
    waiting = BookingRequest.objects.exclude(next_try_at=None).values_list("next_try_at", flat=True)
    tries = sorted(one for one in waiting if one)
    assert BookingRequest.objects.filter(next_try_at=None).count() == 1
    assert BULK_PACE <= tries[0] - at < tries[1] - at
    assert VisitDecision.objects.count() == 3
