"""What Cal.com refuses is told to the patient by what it means, and what it only seems to refuse is done."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone
from pydantic import JsonValue

from accounts.models import Patient
from clinical.models import Appointment, AppointmentBooking
from clinical.ports import BookingOutcome
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.inbound.drift import repair
from integrations.models import BookingRequest, CalLink
from tests.integrations.calcom.clinic import call, control, next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.mirror import bookings
from tests.integrations.calcom.requests import book, held, outcome, run_all, subscribe, tell

HALF_HOUR = dt.timedelta(minutes=30)
LATER = MONDAY_TEN + HALF_HOUR
CREATE = "POST /v2/bookings"
MOVE = "POST /v2/bookings/*/reschedule"
pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(connected: Connected) -> Appointment:
    book(connected)
    run_all()
    return Appointment.objects.get()


@pytest.fixture
def asked(connected: Connected, visit: Appointment) -> Appointment:
    """A visit whose host asked for another time; our mirror knows."""
    subscribe(connected)
    control(connected.simulator, "POST", "events", {"trigger": "REQUEST_RESCHEDULE", "uid": visit.cal_booking_id})
    tell(connected)
    found = Appointment.objects.get()
    assert (found.status, found.cancellation_reason) == ("CANCELLED", "reschedule_requested")
    return found


def move(visit: Appointment, start: dt.datetime = LATER) -> BookingOutcome:
    request = CalcomBookings().request_reschedule(appointment=visit, start=start, reason="")
    run_all()
    assert visit.patient_id is not None
    found = CalcomBookings().outcome(request, patient_id=visit.patient_id)
    assert found is not None
    return found


def a_minute_later() -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        run_all()


def test_a_cancelled_visit_cannot_be_moved(connected: Connected, visit: Appointment) -> None:
    connected.client.cancel_booking(visit.cal_booking_id)
    refused = move(visit)
    assert (refused.state, refused.code) == ("refused", "visit_changed")


def test_a_time_outside_the_notice_is_as_good_as_taken(connected: Connected, visit: Appointment) -> None:
    path = f"/v2/organizations/1/teams/{connected.doctor.hospital.cal_team_id}/event-types"
    century = 100 * 366 * 24 * 60
    body: JsonValue = {"minimumBookingNotice": century}
    assert call(connected.simulator, "PATCH", f"{path}/{connected.link.cal_event_type_id}", body).ok
    refused = move(visit)
    assert (refused.state, refused.code) == ("refused", "slot_taken")
    request = book(connected, LATER)
    run_all()
    assert outcome(connected, request).code == "slot_taken"


def test_a_time_in_the_past_is_as_good_as_taken(connected: Connected) -> None:
    request = book(connected, dt.datetime(2020, 1, 6, 9, tzinfo=dt.UTC))
    run_all()
    assert (outcome(connected, request).state, outcome(connected, request).code) == ("refused", "slot_taken")


def test_a_booking_of_an_event_type_that_is_gone_is_not_bookable(connected: Connected) -> None:
    request = book(connected, LATER)
    CalLink.objects.update(cal_event_type_id=999_999)
    run_all()
    assert (outcome(connected, request).state, outcome(connected, request).code) == ("refused", "not_bookable")


@pytest.mark.parametrize(
    "rule", ["booking_limit_reached", "Rescheduling is not allowed within the minimum notice period before the event"]
)
def test_a_rule_of_the_event_type_refuses_at_once(connected: Connected, visit: Appointment, rule: str) -> None:
    next_call(connected.simulator, MOVE, "403", message=rule)
    refused = move(visit)
    assert (refused.state, refused.code) == ("refused", "refused")
    next_call(connected.simulator, CREATE, "403", message=rule)
    request = book(connected, LATER)
    run_all()
    assert outcome(connected, request).code == "refused"


def test_a_key_that_may_not_book_is_no_refusal(connected: Connected) -> None:
    next_call(connected.simulator, CREATE, "403", message="PermissionsGuard - no permission to write bookings")
    request = book(connected)
    run_all()
    assert outcome(connected, request).state == "pending"
    a_minute_later()
    assert outcome(connected, request).state == "done"


def test_a_number_that_cal_com_does_not_take(connected: Connected, patient: Patient) -> None:
    patient.user.phone = "447700900123"
    patient.user.save()
    request = book(connected)
    run_all()
    assert (outcome(connected, request).state, outcome(connected, request).code) == ("refused", "phone_not_valid")


def check_is_one_visit(connected: Connected, asked: Appointment) -> None:
    [visit] = Appointment.objects.all()
    assert (visit.pk, visit.start_ts, visit.status) == (asked.pk, LATER, "SCHEDULED")
    assert (visit.patient_id, visit.patient_match) == (connected.patient.pk, "reference")
    assert visit.cal_booking_id != asked.cal_booking_id
    assert set(AppointmentBooking.objects.values_list("appointment_id", flat=True)) == {visit.pk}
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (LATER, "accepted")]


def test_what_the_host_asked_to_move_is_booked_anew_and_stays_one_visit(
    connected: Connected, asked: Appointment
) -> None:
    assert move(asked) == BookingOutcome(BookingRequest.objects.get(kind="reschedule").pk, "done", asked.pk, None)
    check_is_one_visit(connected, asked)
    # Neither webhooks nor pulls take it apart.
    tell(connected)
    repair(bookings(connected), asked_at=timezone.now())
    check_is_one_visit(connected, asked)
    # And it can be moved on and cancelled, like any other.
    visit = Appointment.objects.get()
    assert move(visit, MONDAY_TEN).state == "done"
    tell(connected)
    assert [(one.pk, one.start_ts) for one in Appointment.objects.all()] == [(asked.pk, MONDAY_TEN)]


def test_an_asked_visit_whose_time_is_taken(connected: Connected, asked: Appointment, other_patient: Patient) -> None:
    book(connected, LATER, other_patient)
    run_all()
    refused = move(asked)
    assert (refused.state, refused.code) == ("refused", "slot_taken")
    assert Appointment.objects.get(pk=asked.pk).status == "CANCELLED"


@pytest.mark.parametrize("fault", ["500", "drop_after_commit", "half_body"])
def test_an_asked_visit_whose_new_bookings_answer_was_lost(
    connected: Connected, asked: Appointment, fault: str
) -> None:
    next_call(connected.simulator, CREATE, fault)
    assert move(asked).state == "pending"
    a_minute_later()
    check_is_one_visit(connected, asked)
    assert BookingRequest.objects.get(kind="reschedule").state == "done"


def test_a_webhook_tells_of_the_new_booking_first(connected: Connected, asked: Appointment) -> None:
    next_call(connected.simulator, CREATE, "drop_after_commit")
    assert move(asked).state == "pending"
    BookingRequest.objects.filter(kind="reschedule").update(state="refused", outcome_code="calendar_unavailable")
    tell(connected)
    check_is_one_visit(connected, asked)
    request = BookingRequest.objects.get(kind="reschedule")
    assert (request.state, request.appointment_id, request.outcome_code) == ("done", asked.pk, None)
    assert Appointment.objects.get().cal_raw_payload["uid"] == Appointment.objects.get().cal_booking_id
    assert not run_next_booking_request()
