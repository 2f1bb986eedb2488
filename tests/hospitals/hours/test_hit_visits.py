"""Saving hours and time off with visits booked in them: the actions, with the mirrored visits behind the port."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AccessEvent, Patient
from clinical.models import Appointment, VisitDecision
from hospitals.hours.actions import VisitAnswers, VisitsHit, add_time_off, replace_weekly_hours
from hospitals.hours.windows import Window
from hospitals.models import DoctorAvailability, DoctorTimeOff, Hospital
from hospitals.ports import VisitChoice, booked_visits
from tests.api.calendar import Memory
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_visit

pytestmark = pytest.mark.usefixtures("calendar", "published")

VIENNA = ZoneInfo("Europe/Vienna")
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
# The Monday after.
NINE = dt.datetime(2026, 11, 23, 9, tzinfo=VIENNA)
MORNING = Window(1, dt.time(8), dt.time(12))
AFTERNOON = Window(1, dt.time(13), dt.time(17))


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(8), end_time=dt.time(12))
    return make_visit(patient, north.doctor, NINE)


def answers(*visits: Appointment, choice: VisitChoice = "keep") -> VisitAnswers:
    return VisitAnswers({visit.pk: choice for visit in visits}, reason="A congress")


def move_to_the_afternoon(north: HospitalCast, given: VisitAnswers | None = None) -> None:
    replace_weekly_hours(
        doctor=north.doctor, windows=[AFTERNOON], answers=given or VisitAnswers(), by=north.admin, at=AT
    )


def take_monday_off(north: HospitalCast, given: VisitAnswers | None = None) -> None:
    add_time_off(
        doctor=north.doctor,
        starts_at=NINE.replace(hour=0),
        ends_at=NINE.replace(hour=0) + dt.timedelta(days=1),
        is_whole_days=True,
        answers=given or VisitAnswers(),
        by=north.admin,
        at=AT,
    )


def nothing_saved(north: HospitalCast, published: Collection[uuid.UUID]) -> bool:
    plan = list(DoctorAvailability.objects.values_list("start_time", flat=True))
    rows = (DoctorTimeOff.objects.count(), VisitDecision.objects.count(), AccessEvent.objects.count())
    return (plan, rows, list(published)) == ([dt.time(8)], (0, 0, 0), [])


def test_hours_that_hit_a_visit_are_not_saved_without_an_answer(
    visit: Appointment, north: HospitalCast, published: list[uuid.UUID]
) -> None:
    with pytest.raises(VisitsHit) as hit:
        move_to_the_afternoon(north)
    assert [one.id for one in hit.value.visits] == [visit.pk]
    assert nothing_saved(north, published)


def test_time_off_that_hits_a_visit_is_not_saved_without_an_answer(
    visit: Appointment, north: HospitalCast, published: list[uuid.UUID]
) -> None:
    with pytest.raises(VisitsHit):
        take_monday_off(north)
    assert nothing_saved(north, published)


@pytest.mark.parametrize("choice", ["keep", "ask_to_move", "cancel"])
def test_hours_and_what_becomes_of_their_visits_are_saved_together(
    choice: VisitChoice, visit: Appointment, north: HospitalCast, published: list[uuid.UUID], calendar: Memory
) -> None:
    move_to_the_afternoon(north, answers(visit, choice=choice))
    assert DoctorAvailability.objects.get().start_time == AFTERNOON.start
    change = VisitDecision.objects.get()
    assert (change.appointment_id, change.cause, change.choice) == (visit.pk, "hours", choice)
    assert published == [north.doctor.pk]
    assert [one["kind"] for one in calendar.requests.values()] == ["cancel"] * (choice == "cancel")
    assert {event.action for event in AccessEvent.objects.all()} == {"changed_hours", "decided_visit"}


def test_time_off_names_itself_as_the_cause(visit: Appointment, north: HospitalCast) -> None:
    take_monday_off(north, answers(visit, choice="ask_to_move"))
    change = VisitDecision.objects.get()
    assert (change.cause, change.reason, DoctorTimeOff.objects.count()) == ("time_off", "A congress", 1)


def test_a_visit_that_was_booked_meanwhile_stops_the_saving(
    visit: Appointment, north: HospitalCast, other_patient: Patient, published: list[uuid.UUID]
) -> None:
    late = make_visit(other_patient, north.doctor, NINE + dt.timedelta(hours=1))
    with pytest.raises(VisitsHit) as hit:
        move_to_the_afternoon(north, answers(visit, choice="cancel"))
    assert [one.id for one in hit.value.visits] == [visit.pk, late.pk]
    assert nothing_saved(north, published)


def test_answers_about_visits_that_are_not_hit_are_not_used(
    visit: Appointment, north: HospitalCast, south: HospitalCast, patient: Patient, calendar: Memory
) -> None:
    elsewhere = make_visit(patient, south.doctor, NINE)
    outside = make_visit(patient, north.doctor, NINE + dt.timedelta(days=1))
    move_to_the_afternoon(north, answers(visit, elsewhere, outside, choice="cancel"))
    assert [one["appointment_id"] for one in calendar.requests.values()] == [visit.pk]


def test_the_rest_of_a_long_list_has_one_answer(
    visit: Appointment, north: HospitalCast, patient: Patient, calendar: Memory
) -> None:
    later = make_visit(patient, north.doctor, NINE + dt.timedelta(hours=1))
    given = VisitAnswers({visit.pk: "keep"}, rest="cancel", rest_after=NINE)
    move_to_the_afternoon(north, given)
    assert dict(VisitDecision.objects.values_list("appointment_id", "choice")) == {visit.pk: "keep", later.pk: "cancel"}


def test_the_rest_does_not_speak_for_what_came_into_the_shown_part(
    visit: Appointment, north: HospitalCast, published: list[uuid.UUID]
) -> None:
    with pytest.raises(VisitsHit):
        move_to_the_afternoon(north, VisitAnswers({}, rest="cancel", rest_after=NINE))
    assert nothing_saved(north, published)


def test_visits_that_are_being_cancelled_are_not_hit_until_the_calendar_refuses(
    visit: Appointment, north: HospitalCast, calendar: Memory
) -> None:
    booked_visits().decide_one(visit.pk, "cancel", reason="", by=north.admin, at=AT)
    assert booked_visits().booked(north.doctor.pk, at=AT) == []
    calendar.state = "refused"
    assert [one.id for one in booked_visits().booked(north.doctor.pk, at=AT)] == [visit.pk]


def test_where_nobody_is_asked_visits_stay(visit: Appointment, north: HospitalCast) -> None:
    replace_weekly_hours(doctor=north.doctor, windows=[], by=None, at=AT)
    assert (DoctorAvailability.objects.count(), VisitDecision.objects.count()) == (0, 0)


def test_without_a_zone_hours_hit_nothing(visit: Appointment, north: HospitalCast) -> None:
    Hospital.objects.update(time_zone=None)
    north.doctor.refresh_from_db()
    move_to_the_afternoon(north)
    assert DoctorAvailability.objects.get().start_time == AFTERNOON.start


def test_past_and_closed_visits_are_not_hit(visit: Appointment, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NINE - dt.timedelta(days=7))
    make_visit(patient, north.doctor, NINE, status="CANCELLED")
    assert [one.id for one in booked_visits().booked(north.doctor.pk, at=AT)] == [visit.pk]


@pytest.mark.parametrize("many", [2, 20])
def test_a_plan_with_many_visits_is_saved_in_as_many_queries_as_one_with_few(
    visit: Appointment, north: HospitalCast, many: int
) -> None:
    people = [make_patient(f"43660{number:07}", f"P {number}") for number in range(many)]
    visits = [visit, *(make_visit(one, north.doctor, NINE + dt.timedelta(minutes=5)) for one in people)]
    choices: list[VisitChoice] = ["cancel", "ask_to_move", "keep"]
    given = VisitAnswers({one.pk: choices[number % 3] for number, one in enumerate(visits)})
    with CaptureQueriesContext(connection) as queries:
        move_to_the_afternoon(north, given)
    assert len(queries) == 20


@pytest.mark.parametrize("many", [2, 20])
def test_lists_of_visits_cost_the_same_whatever_their_length(
    north: HospitalCast, patient: Patient, settings: Settings, many: int
) -> None:
    settings.BOOKING_PROVIDER = "integrations.calcom.bookings.provider.CalcomBookings"
    visits = [make_visit(patient, north.doctor, NINE) for _ in range(many)]
    choices: dict[uuid.UUID, VisitChoice] = {one.pk: "cancel" for one in visits}
    booked_visits().decide(choices, cause="hours", reason="", by=north.admin, at=AT)
    port = booked_visits()
    with CaptureQueriesContext(connection) as queries:
        assert len(port.decided(north.doctor.pk, by=north.admin, at=AT, limit=50)) == many
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        assert len(port.shown([one.pk for one in visits], by=north.admin)) == many
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        assert port.booked(north.doctor.pk, at=AT) == []
    assert len(queries) == 3


def test_another_hospital_sees_no_visits_and_no_decisions(
    visit: Appointment, north: HospitalCast, south: HospitalCast
) -> None:
    booked_visits().decide_one(visit.pk, "keep", reason="", by=north.admin, at=AT)
    port = booked_visits()
    for stranger in (south.admin, south.doctor.user, north.pharmacist.user):
        assert port.shown([visit.pk], by=stranger) == []
        assert port.decided(north.doctor.pk, by=stranger, at=AT, limit=50) == []
