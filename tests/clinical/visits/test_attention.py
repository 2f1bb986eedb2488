from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Patient, Role, User
from clinical.models import Appointment, AppointmentBooking
from clinical.visits.attention import KINDS, MOST, AttentionItem, attention_lists, visits_needing_attention
from clinical.visits.decisions import ask_to_move, keep_visit
from hospitals.models import Doctor, DoctorTimeOff
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_visit

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def found(user: User, kind: str) -> list[AttentionItem]:
    return list(next(one for one in attention_lists(user, at=AT) if one.kind == kind).items)


def ids(items: list[AttentionItem]) -> list[object]:
    return [one.visit.pk for one in items]


def colleague(cast: HospitalCast) -> Doctor:
    user = make_staff(cast.hospital, Role.DOCTOR, "colleague@north.test", "Cora North")
    return Doctor.objects.create(user=user, hospital=cast.hospital)


def test_a_visit_that_begins_before_another_has_ended_overlaps(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    first = make_visit(patient, north.doctor, AT + DAY, minutes=90)
    second = make_visit(None, north.doctor, AT + DAY + HOUR / 2, minutes=30)
    third = make_visit(patient, north.doctor, AT + DAY + HOUR, minutes=30)
    make_visit(patient, north.doctor, AT + DAY + 1.5 * HOUR)  # begins as the first ends
    make_visit(patient, colleague(north), AT + DAY)
    for _ in range(2):
        make_visit(patient, south.doctor, AT + DAY)
    overlaps = found(north.admin, "overlap")
    # The first one is still going on when the third begins.
    assert [(one.visit.pk, one.other and one.other.pk) for one in overlaps] == [
        (second.pk, first.pk),
        (third.pk, first.pk),
    ]
    assert set(visits_needing_attention(north.admin, "overlap", at=AT)) == {first.pk, second.pk, third.pk}


@pytest.mark.parametrize("facts", [{"status": "CANCELLED"}, {"no_show": True}])
def test_what_does_not_take_place_overlaps_nothing(
    north: HospitalCast, patient: Patient, facts: dict[str, object]
) -> None:
    make_visit(patient, north.doctor, AT + DAY)
    make_visit(patient, north.doctor, AT + DAY, **facts)
    assert found(north.admin, "overlap") == []


@pytest.mark.parametrize("days", [-3, 43])
def test_what_is_long_past_or_far_ahead_is_left_alone(north: HospitalCast, patient: Patient, days: int) -> None:
    for _ in range(2):
        make_visit(patient, north.doctor, AT + days * DAY)
    assert found(north.admin, "overlap") == []


def test_an_overlap_that_staff_keep_is_settled_until_the_visit_moves(north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, AT + DAY)
    later = make_visit(patient, north.doctor, AT + DAY + HOUR / 4)
    keep_visit(appointment_id=later.pk, by=north.admin, at=AT)
    assert found(north.admin, "overlap") == []
    Appointment.objects.filter(pk=later.pk).update(start_ts=AT + DAY + HOUR / 3)
    assert ids(found(north.admin, "overlap")) == [later.pk]


def test_a_visit_in_time_off_is_shown_with_it_and_with_what_was_decided(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=AT + DAY, ends_at=AT + 2 * DAY)
    DoctorTimeOff.objects.create(doctor=south.doctor, starts_at=AT, ends_at=AT + 9 * DAY)
    inside = make_visit(patient, north.doctor, AT + DAY + HOUR)
    reaching_in = make_visit(None, north.doctor, AT + DAY - HOUR / 4)
    make_visit(patient, north.doctor, AT + DAY - HOUR / 2)
    make_visit(patient, north.doctor, AT + 2 * DAY)
    make_visit(patient, north.doctor, AT + DAY + HOUR, status="CANCELLED")
    make_visit(patient, colleague(north), AT + DAY + HOUR)
    make_visit(patient, south.doctor, AT + DAY + HOUR)
    ask_to_move(appointment_id=inside.pk, reason="", by=north.admin, at=AT)
    items = found(north.admin, "time_off")
    assert ids(items) == [reaching_in.pk, inside.pk]
    assert {one.time_off for one in items} == {off}
    assert [one.decision and one.decision.choice for one in items] == [None, "ask_to_move"]


def test_a_visit_kept_in_a_time_off_stays_on_the_list(north: HospitalCast, patient: Patient) -> None:
    DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=AT + DAY, ends_at=AT + 2 * DAY)
    visit = make_visit(patient, north.doctor, AT + DAY + HOUR)
    keep_visit(appointment_id=visit.pk, by=north.admin, at=AT)
    [item] = found(north.admin, "time_off")
    assert (item.visit.pk, item.is_kept) == (visit.pk, True)


def guest(doctor: Doctor, phone: str | None, **facts: object) -> Appointment:
    visit = make_visit(None, doctor, AT + DAY, guest_name="Greta Guest", **facts)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit, attendee_phone=phone, attendee_at=AT)
    return visit


def test_a_guest_with_the_number_of_a_patient_is_found(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    match = guest(north.doctor, patient.user.phone)
    guest(north.doctor, "436609999999")
    guest(north.doctor, None)
    guest(north.doctor, patient.user.phone, status="CANCELLED")
    guest(south.doctor, patient.user.phone)
    assert ids(found(north.admin, "guest")) == [match.pk]
    User.objects.filter(pk=patient.pk).update(is_active=False)
    assert found(north.admin, "guest") == []


def test_a_begun_visit_matched_by_phone_waits_for_a_word(north: HospitalCast, patient: Patient) -> None:
    begun = make_visit(patient, north.doctor, AT + HOUR / 2, patient_match="phone")
    make_visit(patient, north.doctor, AT + 2 * HOUR, patient_match="phone")
    make_visit(patient, north.doctor, AT, patient_match="reference")
    make_visit(patient, north.doctor, AT - HOUR, patient_match="phone", identity_confirmed_at=AT)
    make_visit(patient, north.doctor, AT - HOUR, patient_match="phone", no_show=True)
    assert ids(found(north.admin, "unconfirmed")) == [begun.pk]


def fill(cast: HospitalCast, patient: Patient, count: int) -> None:
    for number in range(count):
        start = AT + DAY + number * HOUR
        DoctorTimeOff.objects.create(doctor=cast.doctor, starts_at=start, ends_at=start + HOUR / 2)
        for _ in range(2):
            make_visit(patient, cast.doctor, start)
        guest(cast.doctor, patient.user.phone)
        make_visit(patient, cast.doctor, AT - DAY - number * HOUR, patient_match="phone")


@pytest.mark.parametrize("count", [2, 20])
def test_what_needs_a_look_takes_as_many_queries_for_twenty_as_for_two(
    north: HospitalCast, patient: Patient, count: int
) -> None:
    fill(north, patient, count)
    with CaptureQueriesContext(connection) as queries:
        lists = attention_lists(north.admin, at=AT)
        assert [one.visit.doctor.full_name for each in lists for one in each.items]
    assert len(queries) == 9
    assert not any("cal_raw_payload" in query["sql"] for query in queries)


def test_a_long_list_says_that_there_is_more(north: HospitalCast, patient: Patient) -> None:
    DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=AT, ends_at=AT + 9 * DAY)
    for number in range(MOST + 1):
        make_visit(patient, north.doctor, AT + HOUR + number * HOUR)
    lists = {one.kind: one for one in attention_lists(north.admin, at=AT)}
    assert tuple(lists) == KINDS
    assert (len(lists["time_off"].items), lists["time_off"].has_more) == (MOST, True)
