"""Requests to Cal.com have one true outcome each, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from clinical.models import Appointment
from clinical.ports import BookingOutcome
from integrations.calcom.booking_worker import GIVE_UP_AFTER, STALE_AFTER, run_next_request
from integrations.calcom.bookings import CalcomBookings
from integrations.calcom.inputs import BookingFilters
from integrations.models import BookingRequest
from tests.integrations.calcom.clinic import next_call
from tests.integrations.flows.conftest import MONDAY_TEN, Connected

HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db


def book(connected: Connected, start: dt.datetime = MONDAY_TEN) -> uuid.UUID:
    return CalcomBookings().request_booking(
        patient_id=connected.patient.pk, doctor=connected.doctor, start=start, reason=""
    )


def run_all() -> None:
    while run_next_request():
        pass


def outcome(connected: Connected, request: uuid.UUID) -> BookingOutcome:
    found = CalcomBookings().outcome(request, patient_id=connected.patient.pk)
    assert found is not None
    return found


def held(connected: Connected) -> list[tuple[dt.datetime, str]]:
    """What Cal.com holds: start and status of every booking."""
    return sorted((one.start, str(one.status)) for one in connected.client.iter_org_bookings(BookingFilters()))


def test_a_booking_is_in_the_mirror_before_any_webhook(connected: Connected) -> None:
    request = book(connected)
    assert outcome(connected, request).state == "pending"
    run_all()
    visit = Appointment.objects.get()
    assert outcome(connected, request) == BookingOutcome(request, "done", visit.pk, None)
    assert (visit.patient_id, visit.patient_match) == (connected.patient.pk, "reference")
    assert (visit.start_ts, visit.end_ts, visit.status) == (MONDAY_TEN, MONDAY_TEN + HALF_HOUR, "SCHEDULED")
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_two_patients_and_one_slot(connected: Connected) -> None:
    first, second = book(connected), book(connected)
    run_all()
    outcomes = [outcome(connected, request) for request in (first, second)]
    assert sorted((one.state, one.code) for one in outcomes) == [("done", None), ("refused", "slot_taken")]
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_a_move_and_a_cancellation_keep_the_visit(connected: Connected) -> None:
    book(connected)
    run_all()
    visit = Appointment.objects.get()
    later = MONDAY_TEN + HALF_HOUR
    CalcomBookings().request_reschedule(appointment=visit, start=later, reason="traffic")
    run_all()
    moved = Appointment.objects.get()
    assert (moved.pk, moved.start_ts, moved.status) == (visit.pk, later, "SCHEDULED")
    CalcomBookings().request_cancellation(appointment=moved, reason="well again")
    run_all()
    gone = Appointment.objects.get()
    assert (gone.pk, gone.status, gone.cancellation_reason) == (visit.pk, "CANCELLED", "well again")
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (later, "cancelled")]


def test_a_second_cancellation_is_success(connected: Connected) -> None:
    book(connected)
    run_all()
    visit = Appointment.objects.get()
    connected.client.cancel_booking(visit.cal_booking_id)
    request = CalcomBookings().request_cancellation(appointment=visit, reason="")
    run_all()
    assert outcome(connected, request).state == "done"
    assert Appointment.objects.get().status == "CANCELLED"


@pytest.mark.parametrize("fault", ["drop_after_commit", "half_body", "500", "html", "drop"])
def test_a_lost_answer_is_looked_up_and_never_booked_twice(connected: Connected, fault: str) -> None:
    next_call(connected.simulator, "POST /v2/bookings", fault)
    request = book(connected)
    run_all()
    assert BookingRequest.objects.get().state == "unknown"
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        run_all()
    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]
    assert Appointment.objects.count() == 1


def test_a_worker_that_died_after_the_call_leaves_one_booking(connected: Connected) -> None:
    request = book(connected)
    run_all()
    # As a worker killed between the call and its commit leaves it.
    Appointment.objects.all().delete()
    BookingRequest.objects.update(state="sent", resolved_at=None, appointment=None, booking_uid=None)
    run_all()
    assert BookingRequest.objects.get().state == "sent"
    with time_machine.travel(timezone.now() + STALE_AFTER, tick=False):
        run_all()
    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_a_busy_calendar_is_asked_again_after_its_pause(connected: Connected) -> None:
    next_call(connected.simulator, "POST /v2/bookings", "429")
    request = book(connected)
    run_all()
    row = BookingRequest.objects.get()
    assert (row.state, outcome(connected, request).state) == ("queued", "pending")
    assert row.next_try_at is not None
    with time_machine.travel(row.next_try_at, tick=False):
        run_all()
    assert outcome(connected, request).state == "done"


def test_a_booking_that_was_never_sent_is_given_up(connected: Connected, settings: Settings) -> None:
    settings.CALCOM_API_URL = "http://127.0.0.1:9"  # nothing listens there
    request = book(connected)
    run_all()
    assert outcome(connected, request).state == "pending"
    with time_machine.travel(timezone.now() + GIVE_UP_AFTER + HALF_HOUR, tick=False):
        run_all()
    assert outcome(connected, request).code == "calendar_unavailable"


def test_another_patient_learns_nothing_of_a_request(connected: Connected) -> None:
    request = book(connected)
    assert CalcomBookings().outcome(request, patient_id=uuid.uuid4()) is None
