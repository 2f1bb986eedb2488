"""Visits booked in a talk, and talks that claim a booking which never came about."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Patient
from clinical.assistant.session_bookings import link_session_bookings, says_booked
from clinical.models import AiSession, Appointment, AppointmentBooking
from tests.cast import HospitalCast

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("AI: I have booked half past ten with Dr North.", True),
        ("AI: I\u2019ve just booked you in for Monday. See you then!", True),
        ("AI: You're all set for Monday.", True),
        ("AI: Great. Your appointment is confirmed for Monday at ten.", True),
        ("AI: Your visit has been scheduled.", True),
        ("User: I have booked a visit.", False),
        ("AI: Shall I say it is booked?", False),
        ("AI: I have not booked anything.", False),
        ("AI: Nothing is booked yet: please book in the app.", False),
        ("AI: Once it is confirmed you will get a message.", False),
        ("AI: It wasn't booked.", False),
        ("AI: We have two openings.", False),
        ("System: I have booked it.", False),
        ("", False),
    ],
)
def test_only_the_assistants_word_is_a_claim(line: str, expected: bool) -> None:
    assert says_booked(f"AI: How can I help?\n{line}") is expected


def talk(patient: Patient, *, minutes_ago: float = 30, minutes: float | None = 5) -> AiSession:
    start = NOW - minutes_ago * MINUTE
    end = start + minutes * MINUTE if minutes is not None else None
    return AiSession.objects.create(patient=patient, source="PHONE_CALL", start_time=start, ended_at=end)


def visit(
    cast: HospitalCast, patient: Patient, *, minutes_ago: float, known_minutes_ago: float | None = None
) -> Appointment:
    uid = f"uid-{Appointment.objects.count()}"
    row = Appointment.objects.create(
        cal_booking_id=uid,
        patient=patient,
        doctor=cast.doctor,
        start_ts=NOW + dt.timedelta(days=7),
        end_ts=NOW + dt.timedelta(days=7, minutes=30),
        status="SCHEDULED",
        cal_raw_payload={},
    )
    Appointment.objects.filter(pk=row.pk).update(created_at=NOW - minutes_ago * MINUTE)
    known = minutes_ago if known_minutes_ago is None else known_minutes_ago
    AppointmentBooking.objects.create(uid=uid, appointment=row, attendee_at=NOW - known * MINUTE)
    return row


def linked(row: Appointment) -> AiSession | None:
    row.refresh_from_db()
    session: AiSession | None = row.ai_session
    return session


@pytest.mark.parametrize(
    ("minutes_ago", "known_minutes_ago", "expected"),
    [(28, 28, True), (21, 21, True), (19, 19, False), (31, 31, False), (2, 28, True), (28, 5000, False), (28, 2, True)],
)
def test_a_visit_booked_in_a_talk_is_tied_to_it(
    north: HospitalCast, patient: Patient, minutes_ago: float, known_minutes_ago: float, expected: bool
) -> None:
    session = talk(patient)
    row = visit(north, patient, minutes_ago=minutes_ago, known_minutes_ago=known_minutes_ago)
    assert link_session_bookings(at=NOW) == int(expected)
    assert linked(row) == (session if expected else None)
    session.refresh_from_db()
    assert session.hospital_id == (north.hospital.pk if expected else None)
    assert link_session_bookings(at=NOW) == 0


def test_another_patients_visit_is_not_tied(north: HospitalCast, patient: Patient, other_patient: Patient) -> None:
    talk(other_patient)
    assert linked(visit(north, patient, minutes_ago=28)) is None
    assert link_session_bookings(at=NOW) == 0


def test_of_two_talks_the_later_one_counts_and_an_open_one_goes_on(north: HospitalCast, patient: Patient) -> None:
    talk(patient, minutes_ago=40, minutes=30)
    later = talk(patient, minutes_ago=30, minutes=None)
    row = visit(north, patient, minutes_ago=12)
    link_session_bookings(at=NOW)
    assert linked(row) == later
    assert AiSession.objects.unconfirmed_claims().count() == 0


def test_a_claim_without_a_visit_is_doubted(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    session = talk(patient)
    assert not AiSession.objects.unconfirmed_claims().exists()
    AiSession.objects.update(says_booked=True)
    assert list(AiSession.objects.unconfirmed_claims()) == [session]
    visit(north, patient, minutes_ago=28)
    link_session_bookings(at=NOW)
    assert not AiSession.objects.unconfirmed_claims().exists()
    assert not AiSession.objects.with_claims().get().is_claim_unconfirmed
