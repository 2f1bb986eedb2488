"""Requests to Cal.com have one true outcome each, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Patient
from clinical.models import Appointment
from clinical.ports import BookingOutcome
from integrations.calcom.api.errors import CalcomRefused, CalcomUnavailable
from integrations.calcom.api.requests import BookingFilters
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.waiting import GIVE_UP_AFTER
from integrations.calcom.bookings.worker import (
    STALE_AFTER,
    _claim,
    _later,
    _refused,
    run_next_booking_request,
)
from integrations.models import BookingRequest
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.requests import book, held, outcome, run_all

HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db


def test_a_booking_is_in_the_mirror_before_any_webhook(connected: Connected) -> None:
    request = book(connected)
    assert outcome(connected, request).state == "pending"
    run_all()
    visit = Appointment.objects.get()
    assert outcome(connected, request) == BookingOutcome(request, "done", visit.pk, None)
    assert (visit.patient_id, visit.patient_match) == (connected.patient.pk, "reference")
    assert (visit.start_ts, visit.end_ts, visit.status) == (MONDAY_TEN, MONDAY_TEN + HALF_HOUR, "SCHEDULED")
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_a_phone_is_all_that_is_needed(connected: Connected) -> None:
    book(connected)
    run_all()
    [booking] = connected.client.iter_org_bookings(BookingFilters())
    [attendee] = booking.attendees
    assert (attendee.name, attendee.phone_number) == ("Paula Patient", "+436601234567")
    # The address that Cal.com makes up for whom it has none of.
    assert attendee.email == "436601234567@sms.cal.com"


def test_two_patients_and_one_slot(connected: Connected, other_patient: Patient) -> None:
    first, second = book(connected), book(connected, patient=other_patient)
    run_all()
    outcomes = [outcome(connected, first), outcome(connected, second, other_patient)]
    assert sorted((one.state, one.code) for one in outcomes) == [("done", None), ("refused", "slot_taken")]
    [done] = [one for one in outcomes if one.state == "done"]
    assert Appointment.objects.get().pk == done.appointment_id
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


BEFORE = ["500", "502", "html", "drop"]
AFTER = ["drop_after_commit", "half_body", "500_after_commit", "html_after_commit"]


def a_minute_later() -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        run_all()


@pytest.mark.parametrize("fault", BEFORE + AFTER)
def test_a_lost_answer_is_looked_up_and_never_booked_twice(connected: Connected, fault: str) -> None:
    next_call(connected.simulator, "POST /v2/bookings", fault)
    request = book(connected)
    run_all()
    assert BookingRequest.objects.get().state == "unknown"
    assert len(held(connected)) == (fault in AFTER)
    a_minute_later()
    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("fault", BEFORE + AFTER)
def test_a_move_whose_answer_was_lost_is_made_once(connected: Connected, fault: str) -> None:
    book(connected)
    run_all()
    visit, later = Appointment.objects.get(), MONDAY_TEN + HALF_HOUR
    next_call(connected.simulator, "POST /v2/bookings/*/reschedule", fault)
    request = CalcomBookings().request_reschedule(appointment=visit, start=later, reason="")
    run_all()
    assert outcome(connected, request).state == "pending"
    a_minute_later()
    assert outcome(connected, request) == BookingOutcome(request, "done", visit.pk, None)
    assert Appointment.objects.get().start_ts == later
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (later, "accepted")]


@pytest.mark.parametrize("fault", BEFORE + AFTER)
def test_a_cancellation_whose_answer_was_lost_is_made_good(connected: Connected, fault: str) -> None:
    book(connected)
    run_all()
    visit = Appointment.objects.get()
    next_call(connected.simulator, "POST /v2/bookings/*/cancel", fault)
    request = CalcomBookings().request_cancellation(appointment=visit, reason="ill")
    run_all()
    assert outcome(connected, request).state == "pending"
    a_minute_later()
    assert outcome(connected, request) == BookingOutcome(request, "done", visit.pk, None)
    assert Appointment.objects.get().status == "CANCELLED"
    assert held(connected) == [(MONDAY_TEN, "cancelled")]


@pytest.mark.parametrize("fault", ["403", "429", "500"])
def test_a_look_up_that_fails_decides_nothing(connected: Connected, fault: str) -> None:
    request = book(connected)
    next_call(connected.simulator, "POST /v2/bookings", "drop_after_commit")
    run_all()
    next_call(connected.simulator, "GET /v2/organizations/*/bookings", fault)
    for minutes in (2, 4):
        assert BookingRequest.objects.get().state == "unknown"
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=False):
            run_all()
    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]


def test_what_is_asked_for_one_visit_is_done_in_its_order(connected: Connected) -> None:
    book(connected)
    run_all()
    visit, later = Appointment.objects.get(), MONDAY_TEN + HALF_HOUR
    next_call(connected.simulator, "POST /v2/bookings/*/reschedule", "drop_after_commit")
    move = CalcomBookings().request_reschedule(appointment=visit, start=later, reason="")
    # A minute later by the database's clock too, which does not travel.
    BookingRequest.objects.filter(pk=move).update(created_at=timezone.now() - dt.timedelta(minutes=1))
    cancel = CalcomBookings().request_cancellation(appointment=visit, reason="")
    run_all()
    assert [outcome(connected, one).state for one in (move, cancel)] == ["pending", "pending"]
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (later, "accepted")]
    a_minute_later()
    assert [outcome(connected, one).state for one in (move, cancel)] == ["done", "done"]
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (later, "cancelled")]


def test_what_nobody_waits_for_any_more_is_not_booked_late(connected: Connected) -> None:
    next_call(connected.simulator, "POST /v2/bookings", "drop")
    request = book(connected)
    run_all()
    with time_machine.travel(timezone.now() + GIVE_UP_AFTER + HALF_HOUR, tick=False):
        run_all()
    told = outcome(connected, request)
    assert (told.state, told.code) == ("refused", "calendar_unavailable")
    assert held(connected) == []


def test_a_worker_taken_for_dead_undoes_nothing(connected: Connected) -> None:
    request = book(connected)
    next_call(connected.simulator, "POST /v2/bookings", "drop_after_commit")
    slow = _claim(timezone.now())
    assert slow is not None
    with time_machine.travel(timezone.now() + STALE_AFTER, tick=False):
        assert run_next_booking_request()  # finds nothing, and sends; the answer is lost
    _later(slow, "queued", CalcomUnavailable("create_booking"))
    assert BookingRequest.objects.get().state == "unknown"
    a_minute_later()
    _refused(slow, CalcomRefused("create_booking", status=409))
    assert outcome(connected, request).state == "done"
    assert held(connected) == [(MONDAY_TEN, "accepted")]


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
