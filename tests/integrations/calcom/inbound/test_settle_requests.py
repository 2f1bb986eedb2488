"""A webhook tells what became of our own request, also where the call's answer was lost."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone

from clinical.models import Appointment
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.waiting import cancel_withdrawn
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.inbound.pull import pull_bookings
from integrations.models import BookingRequest
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.requests import book, held, outcome, run_all, subscribe, tell

HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _subscribed(connected: Connected) -> None:
    subscribe(connected)


def lose_the_answer(connected: Connected, request: uuid.UUID, match: str, fault: str = "drop_after_commit") -> None:
    next_call(connected.simulator, match, fault)
    assert run_next_booking_request()
    assert BookingRequest.objects.get(pk=request).state == "unknown"


def a_minute_later() -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        run_all()


@pytest.fixture
def visit(connected: Connected) -> Appointment:
    book(connected)
    run_all()
    tell(connected)
    return Appointment.objects.get()


def test_a_booking_whose_answer_was_lost(connected: Connected) -> None:
    request = book(connected)
    lose_the_answer(connected, request, "POST /v2/bookings")
    tell(connected)
    visit = Appointment.objects.get()
    assert (visit.patient_id, visit.patient_match) == (connected.patient.pk, "reference")
    told = outcome(connected, request)
    assert (told.state, told.appointment_id) == ("done", visit.pk)
    assert not run_next_booking_request()
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_a_move_whose_answer_was_lost(connected: Connected, visit: Appointment) -> None:
    later = MONDAY_TEN + HALF_HOUR
    request = CalcomBookings().request_reschedule(appointment=visit, start=later, reason="")
    lose_the_answer(connected, request, "POST /v2/bookings/*/reschedule")
    tell(connected)
    assert outcome(connected, request).state == "done"
    moved = Appointment.objects.get()
    assert (moved.pk, moved.start_ts) == (visit.pk, later)
    assert BookingRequest.objects.get(pk=request).booking_uid == moved.cal_booking_id


def test_a_cancellation_whose_answer_was_lost(connected: Connected, visit: Appointment) -> None:
    request = CalcomBookings().request_cancellation(appointment=visit, reason="ill")
    lose_the_answer(connected, request, "POST /v2/bookings/*/cancel")
    tell(connected)
    assert outcome(connected, request).state == "done"
    assert Appointment.objects.get().status == "CANCELLED"


def test_a_booking_that_was_given_up_and_is_there_after_all(connected: Connected) -> None:
    request = book(connected)
    lose_the_answer(connected, request, "POST /v2/bookings")
    BookingRequest.objects.update(state="refused", outcome_code="calendar_unavailable", resolved_at=timezone.now())
    tell(connected)
    told = outcome(connected, request)
    assert (told.state, told.code, told.appointment_id) == ("done", None, Appointment.objects.get().pk)


def test_a_move_to_another_time_is_not_the_one_asked_for(connected: Connected, visit: Appointment) -> None:
    request = CalcomBookings().request_reschedule(appointment=visit, start=MONDAY_TEN + HALF_HOUR, reason="")
    lose_the_answer(connected, request, "POST /v2/bookings/*/reschedule", "drop")
    connected.client.reschedule_booking(visit.cal_booking_id, start=MONDAY_TEN + 2 * HALF_HOUR)
    tell(connected)
    assert outcome(connected, request).state == "pending"
    a_minute_later()
    told = outcome(connected, request)
    assert (told.state, told.code) == ("refused", "visit_changed")
    assert Appointment.objects.get().start_ts == MONDAY_TEN + 2 * HALF_HOUR


def test_a_move_is_no_cancellation_and_what_was_moved_is_cancelled(connected: Connected, visit: Appointment) -> None:
    request = CalcomBookings().request_cancellation(appointment=visit, reason="")
    lose_the_answer(connected, request, "POST /v2/bookings/*/cancel", "drop")
    connected.client.reschedule_booking(visit.cal_booking_id, start=MONDAY_TEN + HALF_HOUR)
    tell(connected)
    assert outcome(connected, request).state == "pending"
    a_minute_later()
    assert outcome(connected, request).state == "done"
    gone = Appointment.objects.get()
    assert (gone.pk, gone.status, gone.start_ts) == (visit.pk, "CANCELLED", MONDAY_TEN + HALF_HOUR)
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN + HALF_HOUR, "cancelled")]


def test_a_withdrawn_booking_that_only_a_pull_finds_is_cancelled(connected: Connected) -> None:
    request = book(connected)
    lose_the_answer(connected, request, "POST /v2/bookings")
    now = timezone.now()
    BookingRequest.objects.update(
        state="refused", outcome_code="calendar_unavailable", resolved_at=now, withdrawn_at=now, next_try_at=None
    )
    pull_bookings()
    told = outcome(connected, request)
    assert (told.state, told.appointment_id) == ("done", Appointment.objects.get().pk)
    assert cancel_withdrawn(at=now) == 1
    run_all()
    assert held(connected) == [(MONDAY_TEN, "cancelled")]
    assert Appointment.objects.get().status == "CANCELLED"


def test_a_move_that_only_a_pull_finds(connected: Connected, visit: Appointment) -> None:
    request = CalcomBookings().request_reschedule(appointment=visit, start=MONDAY_TEN + HALF_HOUR, reason="")
    lose_the_answer(connected, request, "POST /v2/bookings/*/reschedule")
    pull_bookings()
    assert outcome(connected, request).state == "done"
    assert Appointment.objects.get().start_ts == MONDAY_TEN + HALF_HOUR
