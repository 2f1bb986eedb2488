"""A visit is given to a colleague: booked anew first, then cancelled with the doctor; one visit all along."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role, SmsMessage
from clinical.models import Appointment, VisitDecision
from clinical.reminders.texts import VisitNotices
from clinical.visits.decisions import DecisionState, state_of, tell_reassigned
from clinical.visits.reassigning import ColleagueNotFree, free_colleagues, reassign_visits
from hospitals.models import Doctor, DoctorAvailability, DoctorTimeOff
from integrations.calcom.api.requests import Attendee
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.inbound.pull import pull_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingRequest
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_visit
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import MONDAY_TEN, Connected
from tests.integrations.calcom.requests import book, held, run_all

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
    return state_of(decision, Appointment.objects.get(), outcome=outcome, at=timezone.now())


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
