"""A visit's history names who did what without the access log, which is cut after six years."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessEvent, Patient
from clinical.mirror.apply import complete_past_visits
from clinical.models import Appointment
from clinical.visits.attendance import confirm_identity, mark_completed, mark_no_show, match_guest, unmark_visit
from clinical.visits.booking import accept_visit
from clinical.visits.decisions import ask_to_move
from clinical.visits.history import visit_history
from tests.cast import HospitalCast
from tests.clinical.past_log import lose_access_log
from tests.clinical.records import make_visit

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
SOON = AT + dt.timedelta(minutes=30)
# Each action in a transaction of its own, as in life.
pytestmark = pytest.mark.django_db(transaction=True)


def steps_of(visit: Appointment) -> list[tuple[str, str, str]]:
    """Without the booking itself, in the order of their texts: decisions bear the test's time, versions the clock's."""
    visit.refresh_from_db()
    return sorted((step.text, step.who, step.note) for step in visit_history(visit) if "Booked" not in step.text)


def test_what_staff_did_keeps_their_names_when_the_log_is_cut(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, SOON, patient_match="phone")
    ask_to_move(appointment_id=visit.pk, reason="We are full.", by=north.admin, at=AT)
    confirm_identity(appointment_id=visit.pk, by=north.admin, at=AT)
    mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=SOON)
    unmark_visit(appointment_id=visit.pk, by=north.doctor.user, at=SOON)
    mark_completed(appointment_id=visit.pk, by=north.doctor.user, at=SOON)
    told = [
        ("Identity confirmed", "Ada North", ""),
        ("Marked as completed", "Dora North", ""),
        ("Marked as no-show", "Dora North", ""),
        ("No-show mark removed", "Dora North", ""),
        ("The patient was asked to choose another time", "Ada North", "We are full."),
    ]
    assert steps_of(visit) == told
    lose_access_log()
    assert not AccessEvent.objects.exists()
    assert steps_of(visit) == told


def test_who_tied_a_guests_visit_and_who_accepted_one_stays_known(north: HospitalCast, patient: Patient) -> None:
    booked = {"attendee_phone": patient.user.phone, "attendee_at": AT, "start_ts": SOON, "end_ts": SOON}
    guests = make_visit(None, north.doctor, SOON)
    guests.bookings.create(uid=guests.cal_booking_id, **booked)
    match_guest(appointment_id=guests.pk, by=north.admin, at=AT)
    matched = make_visit(patient, north.doctor, SOON, patient_match="phone")
    accept_visit(appointment_id=matched.pk, by=patient.user, at=AT)
    lose_access_log()
    assert steps_of(guests) == [("Linked to a patient's account", "Ada North", "")]
    assert steps_of(matched) == [("Identity confirmed", "Paula Patient", "")]


def test_who_marked_a_guests_visit_is_named_too(north: HospitalCast) -> None:
    visit = make_visit(None, north.doctor, SOON)
    mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=SOON)
    assert steps_of(visit) == [("Marked as no-show", "Dora North", "")]


def test_what_nobody_did_names_nobody(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(None, north.doctor, SOON)
    mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=SOON)
    # Another program, and then a sweep: neither has anything to do with the mark before.
    Appointment.objects.filter(pk=visit.pk).update(no_show=False, patient=patient)
    complete_past_visits(at=SOON + dt.timedelta(days=1))
    assert steps_of(visit) == [
        ("Linked to a patient's account", "", ""),
        ("Marked as no-show", "Dora North", ""),
        ("No-show mark removed", "", ""),
    ]


def test_only_an_id_goes_into_the_context_and_it_asks_nothing_more(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, SOON, patient_match="phone")
    confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=AT)
    contexts = apps.get_model("pghistory", "Context").objects.values_list("metadata", flat=True)
    assert list(contexts) == [{"by": str(north.doctor.pk)}]
    visit.refresh_from_db()
    with CaptureQueriesContext(connection) as queries:
        visit_history(visit)
    assert len(queries) == 4
