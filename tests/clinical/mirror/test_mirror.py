"""Applying facts in any order, any number of times, gives the same visits."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access_log.record import AccessAction
from accounts.models import AccessEvent, Patient, User
from clinical.mirror.apply import (
    Applied,
    BookingEvent,
    Organizer,
    UnknownDoctor,
    apply_booking_events,
    apply_booking_facts,
    complete_past_visits,
)
from clinical.mirror.facts import ACCEPTED, CANCELLED, PENDING, RESCHEDULE_REQUESTED, BookingFacts
from clinical.models import Appointment, AppointmentAlias, AppointmentBooking
from hospitals.models import Doctor
from tests.cast import HospitalCast

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HALF_HOUR = dt.timedelta(minutes=30)
ORGANIZER = 77


def minute(number: int) -> dt.datetime:
    return NOON - dt.timedelta(days=10) + dt.timedelta(minutes=number)


def booked(uid: str, at: int, *, start: dt.datetime = NOON, status: str = ACCEPTED, **more: Any) -> BookingFacts:
    return BookingFacts(
        uid,
        minute(at),
        f"digest-{uid}-{at}",
        status=status,
        start=start,
        end=start + HALF_HOUR,
        organizer_id=ORGANIZER,
        attendee_name="Gerda Guest",
        **more,
    )


def moved(old: str, new: str, at: int, *, start: dt.datetime) -> list[BookingFacts]:
    link = BookingFacts(old, minute(at), f"digest-{old}-{at}", status=CANCELLED, rescheduled_to=new)
    return [booked(new, at, start=start, rescheduled_from=old), link]


def cancelled(uid: str, at: int, reason: str = "ill") -> list[BookingFacts]:
    return [booked(uid, at, status=CANCELLED, cancellation_reason=reason)]


def apply(doctor: Doctor, *events: list[BookingFacts], at: dt.datetime = NOON) -> None:
    for facts in events:
        apply_booking_facts(
            facts=facts, payload={"uid": facts[0].uid}, doctor_of=lambda *_: doctor, at=at - dt.timedelta(days=5)
        )


def visits() -> list[tuple[Any, ...]]:
    fields = ("cal_booking_id", "start_ts", "status", "cal_status", "no_show", "cancellation_reason", "guest_name")
    return list(Appointment.objects.order_by("cal_booking_id").values_list(*fields))


def test_a_booking_becomes_a_visit(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 1)])
    assert visits() == [("a", NOON, "SCHEDULED", "accepted", False, None, "Gerda Guest")]
    visit = Appointment.objects.get()
    assert (visit.doctor_id, visit.hospital_id, visit.end_ts) == (
        north.doctor.pk,
        north.hospital.pk,
        NOON + HALF_HOUR,
    )


def test_a_reschedule_keeps_the_row(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 1)])
    before = Appointment.objects.get().pk
    later = NOON + dt.timedelta(days=1)
    apply(north.doctor, moved("a", "b", 2, start=later))
    assert Appointment.objects.get().pk == before
    assert visits() == [("b", later, "SCHEDULED", "accepted", False, None, "Gerda Guest")]


def test_two_rows_that_are_one_visit_become_the_older(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 1)], [booked("b", 3, start=NOON + HALF_HOUR)])
    older = Appointment.objects.get(cal_booking_id="a")
    younger = Appointment.objects.get(cal_booking_id="b")
    Appointment.objects.filter(pk=older.pk).update(created_at=minute(1))
    apply(north.doctor, [BookingFacts("b", minute(3), "late", rescheduled_from="a")])
    assert Appointment.objects.get().pk == older.pk
    assert Appointment.objects.get().cal_booking_id == "b"
    assert list(AppointmentAlias.objects.values_list("id", "appointment_id")) == [(younger.pk, older.pk)]


def test_a_cancellation_is_final_whatever_comes_late(north: HospitalCast) -> None:
    apply(north.doctor, cancelled("a", 2), [booked("a", 1)], [booked("a", 5, status=PENDING)])
    assert visits() == [("a", NOON, "CANCELLED", "cancelled", False, "ill", "Gerda Guest")]


def test_only_a_look_up_takes_a_cancellation_back(north: HospitalCast) -> None:
    apply(north.doctor, cancelled("a", 2))
    apply(north.doctor, [replace(booked("a", 1), is_fetched=True)])
    assert Appointment.objects.get().status == "CANCELLED"
    apply(north.doctor, [replace(booked("a", 3), is_fetched=True)])
    assert Appointment.objects.get().status == "SCHEDULED"


def test_an_accepted_booking_is_not_pending_again(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 2)], [booked("a", 4, status=PENDING)])
    assert Appointment.objects.get().cal_status == "accepted"


def test_an_unknown_organizer_leaves_nothing_behind(north: HospitalCast) -> None:
    with pytest.raises(UnknownDoctor):
        apply_booking_facts(facts=[booked("a", 1)], payload={}, doctor_of=lambda *_: None, at=NOON)
    assert AppointmentBooking.objects.count() == 0


def test_a_visit_is_tied_by_proof_before_phone(north: HospitalCast, patient: Patient, other_patient: Patient) -> None:
    phone = other_patient.user.phone
    apply(north.doctor, [booked("a", 1, phone=phone)])
    visit = Appointment.objects.get()
    assert (visit.patient_id, visit.patient_match, visit.is_patient_identified) == (other_patient.pk, "phone", False)
    apply(north.doctor, [booked("a", 2, phone=phone, patient_id=patient.pk)])
    visit.refresh_from_db()
    assert (visit.patient_id, visit.patient_match, visit.guest_name) == (patient.pk, "reference", None)


def owned_since(patient: Patient, at: dt.datetime) -> str:
    User.objects.filter(pk=patient.pk).update(created_at=at)
    return patient.user.phone or ""


@pytest.mark.parametrize(("since", "is_theirs"), [(3, False), (1, True), (0, True)])
def test_what_was_booked_with_a_number_is_its_owners_of_that_time(
    north: HospitalCast, patient: Patient, since: int, is_theirs: bool
) -> None:
    """Whatever is told of it later, and in whatever order."""
    phone = owned_since(patient, minute(since))
    told = [[booked("a", 1, phone=phone)], [booked("a", 5, phone=phone)]]
    told += [[replace(one, phone=phone) for one in moved("a", "b", 7, start=NOON + HALF_HOUR)]]
    for order in itertools.permutations(told):
        AppointmentBooking.objects.all().delete()
        Appointment.objects.all().delete()
        apply(north.doctor, *order)
        visit = Appointment.objects.get()
        expected = (patient.pk, "phone") if is_theirs else (None, "none")
        assert (visit.patient_id, visit.patient_match) == expected


def test_a_number_taken_over_brings_no_visit_of_before(north: HospitalCast, patient: Patient) -> None:
    phone = patient.user.phone
    AccessEvent.objects.create(patient_id=patient.pk, action=AccessAction.CHANGED_PHONE, at=minute(4))
    apply(north.doctor, [booked("a", 3, phone=phone)], [booked("b", 5, phone=phone, start=NOON + HALF_HOUR)])
    assert dict(Appointment.objects.values_list("cal_booking_id", "patient_id")) == {"a": None, "b": patient.pk}


def test_the_calendar_may_say_that_it_was_booked_earlier(north: HospitalCast, patient: Patient) -> None:
    phone = owned_since(patient, minute(3))
    apply(north.doctor, [booked("a", 5, phone=phone, booked_at=minute(1))])
    assert Appointment.objects.get().patient_id is None


def test_a_booking_from_before_this_was_kept_is_as_old_as_its_row(north: HospitalCast, patient: Patient) -> None:
    phone = owned_since(patient, minute(3))
    for uid, at in (("old", 2), ("new", 4)):
        AppointmentBooking.objects.create(uid=uid)
        AppointmentBooking.objects.filter(uid=uid).update(created_at=minute(at))
        apply(north.doctor, [booked(uid, 9, phone=phone)])
    assert dict(Appointment.objects.values_list("cal_booking_id", "patient_id")) == {"old": None, "new": patient.pk}


def test_who_has_accepted_a_visit_keeps_it(north: HospitalCast, patient: Patient) -> None:
    phone = owned_since(patient, minute(3))
    apply(north.doctor, [booked("a", 1, phone=phone)])
    Appointment.objects.update(patient_id=patient.pk, patient_match="phone", identity_confirmed_at=minute(6))
    apply(north.doctor, [booked("a", 7, phone=phone)])
    assert Appointment.objects.get().patient_id == patient.pk


def test_a_proof_for_nobody_we_know_makes_a_guest(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 1, patient_id=uuid.uuid4())])
    visit = Appointment.objects.get()
    assert (visit.patient_id, visit.patient_match, visit.guest_name) == (None, "none", "Gerda Guest")


def test_a_no_show_before_its_booking_waits_for_it(north: HospitalCast) -> None:
    apply(north.doctor, [BookingFacts("a", minute(9), "x", no_show=True)])
    assert visits() == []
    apply(north.doctor, [booked("a", 1)])
    assert visits() == [("a", NOON, "SCHEDULED", "accepted", True, None, "Gerda Guest")]


def test_a_visit_long_past_counts_as_done(north: HospitalCast) -> None:
    apply(north.doctor, [booked("a", 1)], [booked("b", 1)], cancelled("b", 2))
    assert complete_past_visits(at=NOON + dt.timedelta(hours=12)) == 0
    assert complete_past_visits(at=NOON + dt.timedelta(hours=12, minutes=30)) == 1
    assert [row[2] for row in visits()] == ["COMPLETED", "CANCELLED"]


def asked_to_move(uid: str, at: int) -> list[BookingFacts]:
    return cancelled(uid, at, RESCHEDULE_REQUESTED)


def fetched(uid: str, at: int, reason: str | None) -> list[BookingFacts]:
    facts = booked(uid, at, status=CANCELLED, cancellation_reason=reason)
    return [replace(facts, is_fetched=True, digest=f"~{facts.digest}")]


BOOKED = [booked("a", 1)]


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([BOOKED, asked_to_move("a", 2), fetched("a", 2, "conference")], RESCHEDULE_REQUESTED),
        ([BOOKED, cancelled("a", 2, "ill"), fetched("a", 2, None)], "ill"),
        ([BOOKED, [booked("a", 2, status=CANCELLED)], fetched("a", 2, "ill")], "ill"),
        ([BOOKED, asked_to_move("a", 2), cancelled("a", 3, "ill")], "ill"),
    ],
)
def test_the_reason_is_the_same_in_any_order(
    north: HospitalCast, events: list[list[BookingFacts]], reason: str
) -> None:
    for order in itertools.permutations(events):
        forget()
        apply(north.doctor, *order)
        assert Appointment.objects.get().cancellation_reason == reason


def by_email(at: int, email: str = "someone@example.com") -> list[BookingFacts]:
    return [replace(booked("a", at), organizer_id=None, organizer_email=email)]


def test_an_email_makes_a_visit_and_gives_way_to_any_id(north: HospitalCast, south: HospitalCast) -> None:
    def doctor_of(organizer: int | None, email: str | None) -> Doctor | None:
        return {ORGANIZER: south.doctor}.get(organizer or 0) or {"n@example.com": north.doctor}.get(email or "")

    def take(facts: list[BookingFacts]) -> Any:
        apply_booking_facts(facts=facts, payload={}, doctor_of=doctor_of, at=NOON)
        return Appointment.objects.get().doctor_id

    assert take(by_email(5, "n@example.com")) == north.doctor.pk
    assert take([booked("a", 1)]) == south.doctor.pk
    assert take(by_email(9, "n@example.com")) == south.doctor.pk


def test_an_email_that_is_no_doctors_waits_and_moves_no_visit(north: HospitalCast) -> None:
    applied = apply_booking_facts(facts=by_email(1), payload={}, doctor_of=lambda *_: None, at=NOON)
    assert (applied.appointment, AppointmentBooking.objects.count()) == (None, 1)
    apply(north.doctor, by_email(2))
    later = [replace(by_email(3)[0], status=CANCELLED)]
    apply_booking_facts(facts=later, payload={}, doctor_of=lambda *_: None, at=NOON)
    visit = Appointment.objects.get()
    assert (visit.doctor_id, visit.cal_status) == (north.doctor.pk, CANCELLED)


@st.composite
def histories(draw: st.DrawFn, name: str = "u", stranger: int | None = None) -> list[list[BookingFacts]]:
    """What happens to one visit: booked or requested, moved over several hops, perhaps cancelled or missed.

    With `stranger`, moved at last to somebody of that number.
    """
    clock = itertools.count(1)
    first = draw(st.sampled_from([ACCEPTED, PENDING]))
    uid = f"{name}0"
    events = [[booked(uid, next(clock), status=first)]]
    if first == PENDING and draw(st.booleans()):
        events.append([booked(uid, next(clock))])
    for hop in range(1, draw(st.integers(0, 3)) + 1):
        start = NOON + dt.timedelta(days=hop)
        events.append(moved(uid, f"{name}{hop}", next(clock), start=start))
        uid = f"{name}{hop}"
    if draw(st.booleans()):
        events.append([BookingFacts(uid, minute(next(clock)), "seen", no_show=True)])
        if draw(st.booleans()):
            events.append([BookingFacts(uid, minute(next(clock)), "seen", no_show=False)])
    if draw(st.booleans()):
        events.append(cancelled(uid, next(clock)))
    if stranger is not None:
        new, link = moved(uid, f"{name}-away", next(clock), start=NOON)
        events.append([replace(new, organizer_id=stranger), link])
    return events


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), data=st.data())
def test_any_order_with_any_duplicates_gives_the_same_visits(
    north: HospitalCast, history: list[list[BookingFacts]], data: st.DataObject
) -> None:
    forget()
    apply(north.doctor, *history)
    expected = visits()
    assert len(expected) == 1
    forget()
    shuffled = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    apply(north.doctor, *shuffled)
    assert visits() == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), other=histories("v", stranger=5), data=st.data())
def test_many_at_once_is_as_one_after_the_other(
    north: HospitalCast,
    history: list[list[BookingFacts]],
    other: list[list[BookingFacts]],
    data: st.DataObject,
) -> None:
    """Two visits, one of them with an event of somebody unknown in it, in any order and cut into batches anywhere."""
    events = data.draw(st.permutations(history + other))

    def doctor_of(organizer: int | None, email: str | None) -> Doctor | None:
        return north.doctor if organizer == ORGANIZER else None

    def doctors_of(organizers: Collection[Organizer]) -> dict[Organizer, Doctor]:
        return {one: north.doctor for one in organizers if one[0] == ORGANIZER}

    forget()
    expected = []
    for facts in events:
        try:
            expected.append(_told(apply_booking_facts(facts=facts, payload={}, doctor_of=doctor_of, at=minute(0))))
        except UnknownDoctor as unknown:
            expected.append(_told(unknown))
    one_by_one = visits(), bookings()
    forget()
    outcomes: list[tuple[str, bool]] = []
    rest = list(events)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        batch, rest = [BookingEvent(facts, {}) for facts in rest[:size]], rest[size:]
        outcomes += map(_told, apply_booking_events(events=batch, doctors_of=doctors_of, at=minute(0)))
    assert (visits(), bookings()) == one_by_one
    assert outcomes == expected


def _told(outcome: Applied | UnknownDoctor) -> tuple[str, bool]:
    if isinstance(outcome, UnknownDoctor):
        return outcome.code, False
    return "visit" if outcome.appointment else "kept", outcome.is_new


def bookings() -> list[dict[str, Any]]:
    rows = AppointmentBooking.objects.order_by("uid").values()
    return [{**row, "appointment_id": row["appointment_id"] is not None, "created_at": None} for row in rows]


def forget() -> None:
    AppointmentBooking.objects.all().delete()
    Appointment.objects.all().delete()
