"""A visit is given to a colleague: booked anew first, then cancelled with the doctor; one visit all along."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role, SmsMessage
from clinical.models import Appointment, VisitDecision
from clinical.reminders.texts import VisitNotices
from clinical.visits.booking import request_cancellation
from clinical.visits.decisions import DecisionState, state_of, tell_reassigned
from clinical.visits.reassigning import ColleagueNotFree, free_colleagues, reassign_visits
from hospitals.models import Doctor, DoctorAvailability, DoctorTimeOff
from integrations.calcom.api.requests import Attendee
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.inbound.pull import pull_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingRequest
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_visit
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.mirror import bookings
from tests.integrations.calcom.requests import book, held, outcome, run_all, subscribe, tell

pytestmark = pytest.mark.django_db

ONE_CANCELLED = [(MONDAY_TEN, "accepted"), (MONDAY_TEN, "cancelled")]


@pytest.fixture
def colleague(connected: Connected, north: HospitalCast) -> Doctor:
    user = make_staff(north.hospital, Role.DOCTOR, "cora@north.test", "Cora North")
    doctor = Doctor.objects.create(user=user, hospital=north.hospital)
    DoctorAvailability.objects.create(doctor=doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    connect_doctor(doctor.pk, connected.client)
    return doctor


@pytest.fixture
def visit(connected: Connected) -> Appointment:
    book(connected)
    run_all()
    return Appointment.objects.get()


def give(north: HospitalCast, visit: Appointment, colleague: Doctor) -> VisitDecision:
    [decision] = reassign_visits(colleagues={visit.pk: colleague.pk}, reason="Ill", by=north.admin, at=timezone.now())
    return decision


def state(decision: VisitDecision) -> DecisionState:
    assert decision.request_id
    outcome = CalcomBookings().outcomes([decision.request_id])[decision.request_id]
    visit = Appointment.objects.get(pk=decision.appointment_id)
    return state_of(decision, visit, outcome=outcome, at=timezone.now())


def test_the_visit_stays_the_same_with_another_doctor_and_the_patient_is_told(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    decision = give(north, visit, colleague)
    assert state(decision) == "reassigning"
    assert tell_reassigned(at=timezone.now()) == 0
    assert reassign_visits(colleagues={visit.pk: colleague.pk}, reason="", by=north.admin, at=timezone.now()) == []
    run_all()
    after = Appointment.objects.get()
    assert (after.pk, after.doctor_id, after.start_ts, after.status) == (
        visit.pk,
        colleague.pk,
        MONDAY_TEN,
        "SCHEDULED",
    )
    assert (after.patient_id, after.patient_match) == (visit.patient_id, "reference")
    assert after.cal_booking_id != visit.cal_booking_id
    assert held(connected) == ONE_CANCELLED
    assert state(decision) == "reassigned"
    assert tell_reassigned(at=timezone.now()) == 1
    assert tell_reassigned(at=timezone.now()) == 0
    message = SmsMessage.objects.get()
    assert message.kind == "visit_reassigned"
    notice = VisitNotices().notice(kind=message.kind, about_id=decision.pk, number=message.number, at=timezone.now())
    assert notice is not None
    assert "At the same time you have your visit with Cora North instead." in notice.text
    assert AccessEvent.objects.filter(action="decided_visit").values_list("reason", flat=True)[0] == "reassign"
    pull_bookings()
    again = Appointment.objects.get()
    assert (again.pk, again.doctor_id, again.status) == (visit.pk, colleague.pk, "SCHEDULED")


@pytest.mark.parametrize("call", ["POST /v2/bookings", "POST /v2/bookings/*/cancel"])
@pytest.mark.parametrize("fault", ["500", "429"])
def test_what_fails_in_between_is_done_in_the_end_and_only_once(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor, call: str, fault: str
) -> None:
    decision = give(north, visit, colleague)
    next_call(connected.simulator, call, fault)
    run_all()
    assert state(decision) == "reassigning"
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2), tick=False):
        run_all()
    assert held(connected) == ONE_CANCELLED
    assert state(decision) == "reassigned"


@pytest.mark.parametrize("fault", ["429", "500", "drop"])
def test_a_patient_who_cancels_in_between_is_booked_with_nobody(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor, fault: str
) -> None:
    """The first try to cancel the old booking fails; the one that succeeds is not ours."""
    decision = give(north, visit, colleague)
    next_call(connected.simulator, "POST /v2/bookings/*/cancel", fault)
    run_all()
    connected.client.cancel_booking(visit.cal_booking_id, reason="I feel better")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2), tick=False):
        run_all()
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]
    request = BookingRequest.objects.get(kind="reassign")
    assert request.pk == decision.request_id
    assert (request.state, request.outcome_code) == ("refused", "visit_changed")


def test_a_colleague_who_is_booked_meanwhile_leaves_the_visit_as_it_was(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor, other_patient: Patient
) -> None:
    decision = give(north, visit, colleague)
    link = colleague.cal_link
    connected.client.create_booking(
        start=MONDAY_TEN,
        event_type_id=link.cal_event_type_id or 0,
        attendee=Attendee("Otto", "Europe/Vienna", phone="+436609999999"),
        metadata={},
    )
    run_all()
    assert state(decision) == "not_reassigned"
    assert BookingRequest.objects.get(kind="reassign").outcome_code == "slot_taken"
    after = Appointment.objects.get(pk=visit.pk)
    assert (after.doctor_id, after.status, after.cal_booking_id) == (
        connected.doctor.pk,
        "SCHEDULED",
        visit.cal_booking_id,
    )
    assert (tell_reassigned(at=timezone.now()), SmsMessage.objects.count()) == (0, 0)


def test_a_visit_that_was_cancelled_there_meanwhile_is_not_brought_back(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    give(north, visit, colleague)
    connected.client.cancel_booking(visit.cal_booking_id, reason="by the patient")
    run_all()
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]
    assert BookingRequest.objects.get(kind="reassign").outcome_code == "visit_changed"


def test_a_number_that_was_only_typed_proves_no_more_than_before(
    connected: Connected, north: HospitalCast, colleague: Doctor, patient: Patient
) -> None:
    booking = connected.client.create_booking(
        start=MONDAY_TEN,
        event_type_id=connected.link.cal_event_type_id or 0,
        attendee=Attendee("Carl Child", "Europe/Vienna", phone=f"+{patient.user.phone}"),
        metadata={},
    )
    pull_bookings()
    visit = Appointment.objects.get()
    assert (visit.cal_booking_id, visit.patient_match) == (booking.uid, "phone")
    give(north, visit, colleague)
    run_all()
    after = Appointment.objects.get()
    assert (after.pk, after.doctor_id, after.patient_id) == (visit.pk, colleague.pk, patient.pk)
    assert (after.patient_match, after.guest_name, after.identity_confirmed_at) == ("phone", "Carl Child", None)


def test_offered_are_colleagues_with_hours_then_and_nothing_else(
    north: HospitalCast, visit: Appointment, colleague: Doctor, patient: Patient
) -> None:
    def names(one: Appointment) -> list[str]:
        return [doctor.full_name for doctor in free_colleagues([one], by=north.admin)[one.pk]]

    assert names(visit) == ["Cora North"]
    evening = make_visit(patient, north.doctor, MONDAY_TEN + dt.timedelta(hours=8))
    assert names(evening) == []
    with pytest.raises(ColleagueNotFree):
        give(north, evening, colleague)
    other = make_visit(patient, colleague, MONDAY_TEN + dt.timedelta(minutes=15))
    assert names(visit) == []
    Appointment.objects.filter(pk=other.pk).update(status="CANCELLED")
    off = DoctorTimeOff.objects.create(
        doctor=colleague, starts_at=MONDAY_TEN, ends_at=MONDAY_TEN + dt.timedelta(hours=1)
    )
    assert names(visit) == []
    off.delete()
    assert names(visit) == ["Cora North"]


def test_two_visits_of_one_time_do_not_go_to_one_colleague(
    north: HospitalCast, visit: Appointment, colleague: Doctor, other_patient: Patient
) -> None:
    beside = make_visit(other_patient, north.doctor, MONDAY_TEN)
    with pytest.raises(ColleagueNotFree):
        reassign_visits(
            colleagues={visit.pk: colleague.pk, beside.pk: colleague.pk},
            reason="",
            by=north.admin,
            at=timezone.now(),
        )
    assert (VisitDecision.objects.count(), BookingRequest.objects.filter(kind="reassign").count()) == (0, 0)


def later(minutes: int = 1) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=False):
        run_all()


@pytest.mark.parametrize("fault", ["429", "500", "drop", "drop_after_commit"])
def test_a_webhook_of_the_new_booking_does_not_end_it_before_the_old_one_is_cancelled(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor, fault: str
) -> None:
    subscribe(connected)
    decision = give(north, visit, colleague)
    next_call(connected.simulator, "POST /v2/bookings/*/cancel", fault)
    run_all()
    tell(connected)
    assert state(decision) == "reassigning"
    later()
    tell(connected)
    assert held(connected) == ONE_CANCELLED
    assert state(decision) == "reassigned"
    after = Appointment.objects.get()
    assert (after.pk, after.doctor_id, after.status) == (visit.pk, colleague.pk, "SCHEDULED")


def test_webhooks_of_a_booking_that_was_taken_back_leave_it_refused(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    subscribe(connected)
    decision = give(north, visit, colleague)
    moved = connected.client.reschedule_booking(visit.cal_booking_id, start=MONDAY_TEN + dt.timedelta(minutes=30))
    run_all()
    tell(connected)
    request = BookingRequest.objects.get(kind="reassign")
    assert (request.state, request.outcome_code) == ("refused", "visit_changed")
    after = Appointment.objects.get(pk=visit.pk)
    assert (after.cal_booking_id, after.doctor_id, after.status) == (moved.uid, connected.doctor.pk, "SCHEDULED")
    assert state(decision) == "not_reassigned"
    assert give(north, after, colleague).pk != decision.pk
    run_all()
    assert Appointment.objects.get(pk=visit.pk).doctor_id == colleague.pk


def test_a_visit_that_was_given_to_a_colleague_can_be_given_on(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    give(north, visit, colleague)
    run_all()
    decision = give(north, Appointment.objects.get(), connected.doctor)
    assert state(decision) == "reassigning"
    run_all()
    after = Appointment.objects.get()
    assert (after.pk, after.doctor_id, after.status) == (visit.pk, connected.doctor.pk, "SCHEDULED")
    assert state(decision) == "reassigned"
    assert held(connected) == [(MONDAY_TEN, "accepted"), (MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]


def cancel(connected: Connected, visit: Appointment) -> uuid.UUID:
    """As the patient does it in the app."""
    request_id = request_cancellation(
        by=connected.patient.user, appointment_id=visit.pk, reason="", claim=None, at=timezone.now()
    )
    assert request_id is not None
    # Later than what was asked before: the test is one transaction, and the database has one time for it.
    BookingRequest.objects.filter(pk=request_id).update(created_at=F("created_at") + dt.timedelta(seconds=1))
    return request_id


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_patients_cancellation_meanwhile_cancels_the_new_booking(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor, is_told_first: bool
) -> None:
    subscribe(connected)
    give(north, visit, colleague)
    request_id = None if is_told_first else cancel(connected, visit)
    next_call(connected.simulator, "POST /v2/bookings/*/cancel", "drop_after_commit")
    assert run_next_booking_request()
    tell(connected)
    assert Appointment.objects.get(pk=visit.pk).status == "CANCELLED"
    request_id = request_id or cancel(connected, visit)
    assert outcome(connected, request_id).state == "pending"
    later()
    assert outcome(connected, request_id).state == "done"
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]
    after = Appointment.objects.get()
    assert (after.pk, after.status) == (visit.pk, "CANCELLED")


def test_the_old_bookings_cancellation_told_late_does_not_settle_the_patients(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    subscribe(connected)
    give(north, visit, colleague)
    request_id = cancel(connected, visit)
    assert run_next_booking_request()
    assert BookingRequest.objects.get(kind="reassign").state == "done"
    tell(connected)
    assert outcome(connected, request_id).state == "pending"
    run_all()
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]


def test_one_that_the_calendar_has_cancelled_is_not_cancelled_again(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    give(north, visit, colleague)
    run_all()
    connected.client.cancel_booking(Appointment.objects.get().cal_booking_id)
    pull_bookings()
    again = request_cancellation(
        by=connected.patient.user, appointment_id=visit.pk, reason="", claim=None, at=timezone.now()
    )
    assert again is None


def test_one_that_was_cancelled_between_two_tries_is_not_brought_back(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    """The first try was sent away before it did anything: the cancellation is not its own."""
    give(north, visit, colleague)
    next_call(connected.simulator, "POST /v2/bookings", "429")
    run_all()
    connected.client.cancel_booking(visit.cal_booking_id, reason="by the patient")
    later(minutes=2)
    assert held(connected) == [(MONDAY_TEN, "cancelled"), (MONDAY_TEN, "cancelled")]
    assert BookingRequest.objects.get(kind="reassign").outcome_code == "visit_changed"


def test_where_the_new_booking_was_cancelled_meanwhile_the_old_one_stays(
    connected: Connected, north: HospitalCast, visit: Appointment, colleague: Doctor
) -> None:
    give(north, visit, colleague)
    next_call(connected.simulator, "POST /v2/bookings/*/cancel", "drop")
    run_all()
    [new] = [one for one in bookings(connected) if one.uid != visit.cal_booking_id]
    connected.client.cancel_booking(new.uid, reason="by the colleague")
    later(minutes=2)
    assert connected.client.get_booking(visit.cal_booking_id).status == "accepted"
    assert BookingRequest.objects.get(kind="reassign").outcome_code == "visit_changed"
    assert Appointment.objects.get(pk=visit.pk).status == "SCHEDULED"
