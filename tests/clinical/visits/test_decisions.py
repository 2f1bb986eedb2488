from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.messages.local_senders import MemorySms
from accounts.messages.send_sms import send_sms
from accounts.models import AccessEvent, Patient, SmsMessage
from clinical.mirror.rows import _take_over
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from clinical.ports import BookingOutcome
from clinical.refusals import ChangeOnItsWay
from clinical.visits.decisions import ask_to_move, cancel_visit, decide_visits, keep_visit, state_of, tell_cancelled
from tests.api.calendar import FakeCalendar, Memory
from tests.api.records import sign_in
from tests.cast import HospitalCast, make_patient
from tests.clinical.deciding import ACTS, SOON
from tests.clinical.records import NOW, make_visit

pytestmark = pytest.mark.usefixtures("calendar")


def texts(at: dt.datetime = NOW) -> list[tuple[str, str]]:
    """What is sent, to whom."""
    MemorySms.sent.clear()
    send_sms(at=at)
    return [(sent.to, sent.text) for sent in MemorySms.sent]


def state(visit: Appointment, at: dt.datetime = NOW, outcome: BookingOutcome | None = None) -> str:
    visit.refresh_from_db()
    return state_of(VisitDecision.objects.current().get(appointment=visit), visit, outcome=outcome, at=at)


def test_a_cancellation_is_queued_and_on_record_and_told_once_it_is_true(
    visit: Appointment, north: HospitalCast, patient: Patient, calendar: Memory
) -> None:
    change = cancel_visit(appointment_id=visit.pk, reason="The doctor is ill.", by=north.doctor.user, at=NOW)
    [(request_id, request)] = calendar.requests.items()
    assert request == {
        "kind": "cancel",
        "patient_id": patient.pk,
        "appointment_id": visit.pk,
        "reason": "The doctor is ill.",
    }
    stored = VisitDecision.objects.get()
    assert (stored.pk, stored.choice, stored.cause, stored.request_id) == (change.pk, "cancel", "visit", request_id)
    assert (stored.doctor_id, stored.hospital_id, stored.start_ts) == (north.doctor.pk, north.hospital.pk, SOON)
    assert (stored.decided_by_id, stored.decided_at, stored.told_at) == (north.doctor.pk, NOW, None)
    event = AccessEvent.objects.get()
    assert (event.action, event.object_kind, event.object_id) == ("decided_visit", "appointment", str(visit.pk))
    assert (event.actor_id, event.patient_id, event.reason) == (north.doctor.pk, patient.pk, "cancel")
    assert (tell_cancelled(at=NOW), texts()) == (0, [])

    Appointment.objects.update(status="CANCELLED")
    assert (tell_cancelled(at=NOW), tell_cancelled(at=NOW)) == (1, 0)
    assert texts() == [
        (
            "436601234567",
            "North: your visit with Dora North on 3 Mar 2026, 11:00 is cancelled. Book another time in the app.",
        )
    ]
    assert VisitDecision.objects.get().told_at == NOW


def test_an_ask_is_told_once_and_shows_in_the_app(visit: Appointment, north: HospitalCast, patient: Patient) -> None:
    first = ask_to_move(appointment_id=visit.pk, reason="A congress", by=north.admin, at=NOW)
    again = ask_to_move(appointment_id=visit.pk, reason="", by=north.doctor.user, at=NOW)
    assert first.pk == again.pk
    assert texts() == [
        (
            "436601234567",
            "North: please choose another time for your visit with Dora North on 3 Mar 2026, 11:00."
            " Open the app, or call us.",
        )
    ]
    assert AccessEvent.objects.count() == 1
    assert VisitDecision.objects.open_asks(at=NOW).get().reason == "A congress"
    assert not VisitDecision.objects.open_asks(at=SOON).exists()


def test_an_ask_is_taken_back_and_the_patient_told(visit: Appointment, north: HospitalCast) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert len(texts()) == 1
    keep_visit(appointment_id=visit.pk, by=north.admin, at=NOW)
    assert [text for _to, text in texts()] == [
        "North: your visit with Dora North on 3 Mar 2026, 11:00 stays as booked. You need not move it."
    ]
    assert not VisitDecision.objects.open_asks(at=NOW).exists()
    assert list(VisitDecision.objects.order_by("choice").values_list("choice", "replaced_at")) == [
        ("ask_to_move", NOW),
        ("keep", None),
    ]


def test_an_ask_that_is_taken_back_before_it_was_sent_is_not_sent(visit: Appointment, north: HospitalCast) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    cancel_visit(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert texts() == []
    assert SmsMessage.objects.get().error_code == "too_late"


@pytest.mark.parametrize("changes", [{"start_ts": SOON + dt.timedelta(hours=1)}, {"status": "CANCELLED"}])
def test_an_ask_ends_when_the_visit_is_moved_or_cancelled(
    visit: Appointment, north: HospitalCast, changes: dict[str, Any]
) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    Appointment.objects.update(**changes)
    assert not VisitDecision.objects.open_asks(at=NOW).exists()
    assert texts() == []


def test_a_moved_visit_may_be_asked_for_again(visit: Appointment, north: HospitalCast) -> None:
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    Appointment.objects.update(start_ts=SOON + dt.timedelta(hours=1))
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert [text for _to, text in texts()] == [
        "North: please choose another time for your visit with Dora North on 3 Mar 2026, 12:00."
        " Open the app, or call us."
    ]


def test_a_guest_is_told_under_the_number_that_was_typed(north: HospitalCast) -> None:
    guest = make_visit(None, north.doctor, SOON, guest_name="Gustav Guest")
    AppointmentBooking.objects.create(uid=guest.cal_booking_id, appointment=guest, attendee_phone="436609999999")
    ask_to_move(appointment_id=guest.pk, reason="", by=north.doctor.user, at=NOW)
    assert texts() == [
        (
            "436609999999",
            "North: please choose another time for your visit on 3 Mar 2026, 11:00. Open the app, or call us.",
        )
    ]
    cancel_visit(appointment_id=guest.pk, reason="", by=north.doctor.user, at=NOW)
    assert [one["patient_id"] for one in FakeCalendar.memory.requests.values()] == [None]


def test_without_a_number_nobody_is_told_and_the_decision_stands(north: HospitalCast) -> None:
    guest = make_visit(None, north.doctor, SOON)
    assert ask_to_move(appointment_id=guest.pk, reason="", by=north.doctor.user, at=NOW).told_at == NOW
    assert not SmsMessage.objects.exists()


def test_what_is_being_cancelled_stays_so_until_the_calendar_refuses(
    visit: Appointment, north: HospitalCast, calendar: Memory
) -> None:
    cancel_visit(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    for act in ACTS:
        if act is cancel_visit:
            assert act(appointment_id=visit.pk, reason="", by=north.admin, at=NOW).choice == "cancel"
        else:
            with pytest.raises(ChangeOnItsWay):
                act(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert (len(calendar.requests), AccessEvent.objects.count()) == (1, 1)
    calendar.state = "refused"
    cancel_visit(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert (len(calendar.requests), VisitDecision.objects.current().count()) == (2, 1)


def test_many_at_once_leave_out_what_is_no_longer_open(
    visit: Appointment, north: HospitalCast, patient: Patient
) -> None:
    gone = make_visit(patient, north.doctor, SOON, status="CANCELLED")
    choices = {visit.pk: "keep", gone.pk: "cancel"}
    made = decide_visits(choices=choices, cause="time_off", reason="why", by=north.admin, at=NOW)
    assert [(one.appointment_id, one.choice, one.cause, one.reason) for one in made] == [
        (visit.pk, "keep", "time_off", "")
    ]


@pytest.mark.parametrize("many", [2, 20])
def test_deciding_about_many_costs_as_much_as_about_few(north: HospitalCast, settings: Settings, many: int) -> None:
    settings.BOOKING_PROVIDER = "integrations.calcom.bookings.provider.CalcomBookings"
    people = [make_patient(f"43660{number:07}", f"P {number}") for number in range(3 * many)]
    visits = [make_visit(one, north.doctor, SOON) for one in people]
    choices = {one.pk: ["keep", "ask_to_move", "cancel"][n % 3] for n, one in enumerate(visits)}
    with CaptureQueriesContext(connection) as queries:
        decide_visits(choices=choices, cause="hours", reason="", by=north.admin, at=NOW)
    assert len(queries) == 10
    assert VisitDecision.objects.count() == SmsMessage.objects.count() + 2 * many == 3 * many


def test_the_state_afterwards(visit: Appointment, north: HospitalCast, calendar: Memory) -> None:
    keep_visit(appointment_id=visit.pk, by=north.admin, at=NOW)
    assert state(visit) == "kept"
    ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert (state(visit), state(visit, at=SOON)) == ("asked", "passed")
    Appointment.objects.update(start_ts=SOON + dt.timedelta(hours=1))
    assert state(visit) == "moved"
    change = cancel_visit(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
    assert change.request_id is not None
    assert state(visit, outcome=BookingOutcome(change.request_id, "pending")) == "cancelling"
    assert state(visit, outcome=BookingOutcome(change.request_id, "done")) == "cancelling"
    assert state(visit, outcome=BookingOutcome(change.request_id, "refused", code="refused")) == "not_cancelled"
    Appointment.objects.update(status="CANCELLED")
    assert state(visit) == "cancelled"


def test_the_app_shows_an_open_ask(visit: Appointment, north: HospitalCast, patient: Patient) -> None:
    api, address = sign_in(patient), f"/api/v1/appointments/{visit.pk}/"

    def shown() -> tuple[bool, str | None]:
        one, [listed] = api.get(address).json(), api.get("/api/v1/appointments/").json()["results"]
        assert one == listed
        return one["asked_to_move"], one["move_reason"]

    with time_machine.travel(NOW, tick=False) as clock:
        assert shown() == (False, None)
        ask_to_move(appointment_id=visit.pk, reason="A congress", by=north.admin, at=NOW)
        assert shown() == (True, "A congress")
        clock.move_to(SOON)
        assert shown() == (False, None)
        clock.move_to(NOW)
        keep_visit(appointment_id=visit.pk, by=north.admin, at=NOW)
        assert shown() == (False, None)
        ask_to_move(appointment_id=visit.pk, reason="", by=north.admin, at=NOW)
        assert shown() == (True, None)


def test_two_visits_that_turn_out_to_be_one_have_the_olders_decision(north: HospitalCast, patient: Patient) -> None:
    older = make_visit(patient, north.doctor, SOON)
    younger = make_visit(patient, north.doctor, SOON)
    for one, act in ((older, ask_to_move), (younger, cancel_visit)):
        act(appointment_id=one.pk, reason="", by=north.admin, at=NOW)
    _take_over(younger, older)
    assert VisitDecision.objects.filter(appointment=older).count() == 2
    assert VisitDecision.objects.current().get().choice == "ask_to_move"
