from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import AccessEvent, Patient
from clinical import refusals
from clinical.models import Appointment, AppointmentBooking
from clinical.querysets import is_record_open
from clinical.visits.attendance import (
    confirm_identity,
    mark_completed,
    mark_no_show,
    unmark_visit,
    withdraw_identity,
)
from clinical.visits.booking import accept_visit
from core.refusals import NotFound, NotPermitted, Refused
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
Mark = Callable[..., Appointment]


def test_a_visit_is_completed_then_found_to_be_a_no_show(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit)
    done = mark_completed(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    assert (done.status, done.completed_at, done.completed_by_id, done.no_show) == (
        "COMPLETED",
        NOW,
        north.doctor.pk,
        False,
    )
    missed = mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    assert (missed.status, missed.completed_at, missed.no_show) == ("SCHEDULED", None, True)
    booking = AppointmentBooking.objects.get()
    assert (booking.no_show, booking.no_show_at) == (True, NOW)
    reasons = AccessEvent.objects.order_by("pk").values_list("action", "reason")
    assert list(reasons) == [("marked_visit", "completed"), ("marked_visit", "no_show")]


@pytest.mark.parametrize("mark", [mark_completed, mark_no_show])
def test_a_mark_is_taken_back_once(mark: Mark, north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit)
    mark(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    for _ in range(2):
        unmarked = unmark_visit(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    assert (unmarked.status, unmarked.completed_at, unmarked.completed_by_id, unmarked.no_show) == (
        "SCHEDULED",
        None,
        None,
        False,
    )
    assert AppointmentBooking.objects.get().no_show is False
    reasons = AccessEvent.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["completed" if mark is mark_completed else "no_show", "unmarked"]


def test_a_mark_taken_back_long_after_leaves_what_the_clock_says(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW - dt.timedelta(days=2))
    mark_no_show(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    unmarked = unmark_visit(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    assert (unmarked.status, unmarked.completed_at, unmarked.no_show) == ("COMPLETED", None, False)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"status": "CANCELLED", "cal_status": "cancelled"}, refusals.VisitCancelled),
        ({"start": NOW + dt.timedelta(seconds=1)}, refusals.VisitNotBegun),
    ],
)
@pytest.mark.parametrize("act", [mark_completed, mark_no_show, unmark_visit])
def test_what_cannot_be_marked(
    act: type, facts: dict[str, Any], wanted: type[Refused], north: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, **{"start": NOW, **facts})
    before = Appointment.objects.values().get()
    with pytest.raises(wanted):
        act(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    assert Appointment.objects.values().get() == before
    assert not AccessEvent.objects.exists()


@pytest.mark.parametrize("act", [mark_completed, mark_no_show, unmark_visit, confirm_identity, withdraw_identity])
def test_another_doctors_visit_is_not_there(
    act: type, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone")
    for by, wanted in [
        (south.doctor.user, NotFound),
        # An admin says who sits there, and nothing else.
        (south.admin, NotFound if act in (confirm_identity, withdraw_identity) else NotPermitted),
        (north.pharmacist.user, NotPermitted),
        (patient.user, NotPermitted),
    ]:
        with pytest.raises(wanted):
            act(appointment_id=visit.pk, by=by, at=NOW)
    visit.refresh_from_db()
    assert (visit.status, visit.no_show, visit.identity_confirmed_at) == ("SCHEDULED", False, None)
    assert not AccessEvent.objects.exists()


def test_who_sits_there_is_confirmed_from_an_hour_before(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW + dt.timedelta(hours=1), patient_match="phone")
    with pytest.raises(refusals.VisitNotBegun):
        confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=NOW - dt.timedelta(seconds=1))
    assert confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=NOW).identity_confirmed_at == NOW


def test_confirming_who_sits_there_opens_the_record_once(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone")
    doctor = north.doctor.user
    assert not is_record_open(doctor, patient.pk)
    for _ in range(2):
        confirmed = confirm_identity(appointment_id=visit.pk, by=doctor, at=NOW)
    assert confirmed.identity_confirmed_at == NOW
    assert is_record_open(doctor, patient.pk)
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id) == ("confirmed_identity", patient.pk)


def test_a_confirmation_is_undone_and_closes_the_record(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone")
    confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
    for _ in range(2):
        undone = withdraw_identity(appointment_id=visit.pk, by=north.admin, at=NOW)
    assert undone.identity_confirmed_at is None
    assert not is_record_open(north.doctor.user, patient.pk)
    events = AccessEvent.objects.order_by("pk").values_list("action", "actor_id")
    assert list(events) == [
        ("confirmed_identity", north.doctor.user.pk),
        ("withdrew_identity", north.admin.pk),
    ]
    again = confirm_identity(appointment_id=visit.pk, by=north.admin, at=NOW + dt.timedelta(minutes=1))
    assert again.identity_confirmed_at == NOW + dt.timedelta(minutes=1)


def test_what_the_patient_confirmed_is_not_undone(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone")
    accept_visit(appointment_id=visit.pk, by=patient.user, at=NOW)
    with pytest.raises(refusals.ConfirmedByPatient):
        withdraw_identity(appointment_id=visit.pk, by=north.admin, at=NOW)
    visit.refresh_from_db()
    assert visit.identity_confirmed_at == NOW


def test_a_guest_cannot_be_confirmed(north: HospitalCast) -> None:
    visit = make_visit(None, north.doctor, NOW, guest_name="Gus")
    with pytest.raises(refusals.NobodyToConfirm):
        confirm_identity(appointment_id=visit.pk, by=north.doctor.user, at=NOW)
