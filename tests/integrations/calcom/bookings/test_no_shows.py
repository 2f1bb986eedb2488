"""A doctor's word on who came holds here at once, and goes to Cal.com where it takes it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from clinical.models import Appointment
from clinical.visits.attendance import mark_completed, mark_no_show, unmark_visit
from integrations.calcom.bookings.no_shows import (
    GIVE_UP_AFTER,
    REFUSALS_BELIEVED,
    STALE_AFTER,
    pass_on_next_no_show,
)
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.inbound.drift import repair
from integrations.calcom.inbound.processing import process_webhooks
from integrations.models import BookingRequest, CalWebhook, SyncDrift
from tests.integrations.calcom.clinic import control, next_call
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.mirror import imported

pytestmark = pytest.mark.django_db

MARK = "POST /v2/bookings/a/mark-absent"
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def visit(connected: Connected) -> Appointment:
    """A visit that has begun, here and in Cal.com."""
    imported(connected, "a", start="2020-01-06T09:00:00Z")
    look_again(connected)
    return Appointment.objects.get()


@pytest.fixture
def doctor(connected: Connected) -> User:
    user: User = connected.doctor.user
    return user


def look_again(connected: Connected) -> None:
    """What a pull or a look-up does."""
    repair([connected.client.get_booking("a")], asked_at=timezone.now())


def run_all() -> None:
    # Bookings' own worker leaves marks alone.
    assert run_next_booking_request() is False
    while pass_on_next_no_show():
        pass


def absent_there(connected: Connected) -> bool:
    return connected.client.get_booking("a").attendees[0].absent


def requests() -> list[tuple[str | None, str, str | None]]:
    rows = BookingRequest.objects.order_by("created_at", "pk")
    return list(rows.values_list("reason", "state", "outcome_code"))


def no_show() -> bool:
    return Appointment.objects.get().no_show


def outcome(visit: Appointment) -> tuple[str, str | None] | None:
    found = CalcomBookings().absence_outcome(visit.pk)
    return (found.state, found.code) if found else None


def echo(absent: bool, *, at: dt.datetime) -> None:
    """The webhook that Cal.com sends of a mark, applied."""
    payload = {"bookingUid": "a", "bookingId": 1, "attendees": [{"email": "x@test", "noShow": absent}]}
    body = {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": at.isoformat(), "payload": payload}
    CalWebhook.objects.create(raw_webhook_body=body, body_sha256=f"{hash(json.dumps(body)):x}", received_at=at)
    assert process_webhooks(at=timezone.now()) == 1


def test_a_no_show_and_its_undoing_reach_the_calendar(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    assert (no_show(), outcome(visit), absent_there(connected)) == (True, ("pending", None), False)
    run_all()
    assert (no_show(), outcome(visit), absent_there(connected)) == (True, ("done", None), True)
    unmark_visit(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert (no_show(), outcome(visit), absent_there(connected)) == (False, ("done", None), False)
    assert requests() == [("absent", "done", None), ("came", "done", None)]
    # Once both agree, what Cal.com says counts again.
    connected.client.mark_absent("a", attendee_email="436609999999@sms.cal.com")
    look_again(connected)
    assert no_show() is True


def test_what_never_was_marked_absent_is_not_told(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_completed(appointment_id=visit.pk, by=doctor, at=timezone.now())
    assert (requests(), outcome(visit)) == ([], None)


def test_completed_takes_back_an_absence_that_was_marked_in_cal_com(
    connected: Connected, visit: Appointment, doctor: User
) -> None:
    connected.client.mark_absent("a", attendee_email="436609999999@sms.cal.com")
    look_again(connected)
    assert no_show() is True
    mark_completed(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert (requests(), absent_there(connected), no_show()) == ([("came", "done", None)], False, False)


def test_a_mark_taken_back_before_it_was_sent_is_never_sent(
    connected: Connected, visit: Appointment, doctor: User
) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    mark_completed(appointment_id=visit.pk, by=doctor, at=timezone.now())
    assert requests() == [("absent", "refused", "superseded")]
    assert (outcome(visit), pass_on_next_no_show()) == (None, False)
    assert absent_there(connected) is False


def test_where_cal_com_forbids_it_the_mark_stays_here(connected: Connected, visit: Appointment, doctor: User) -> None:
    next_call(connected.simulator, MARK, "403")
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert (outcome(visit), absent_there(connected)) == (("refused", "stays_local"), False)
    look_again(connected)
    assert no_show() is True
    assert not SyncDrift.objects.exists()
    # There is nothing there to take back.
    mark_completed(appointment_id=visit.pk, by=doctor, at=timezone.now())
    assert requests() == [("absent", "refused", "stays_local")]


def test_a_refusal_that_looks_like_a_failure_is_believed_after_a_few_looks(
    connected: Connected, visit: Appointment, doctor: User
) -> None:
    control(connected.simulator, "PUT", "permissions", {"marks": False})
    at = timezone.now()
    mark_no_show(appointment_id=visit.pk, by=doctor, at=at)
    seen = []
    for minutes in range(REFUSALS_BELIEVED):
        with time_machine.travel(at + dt.timedelta(minutes=minutes), tick=False):
            run_all()
        seen.append(outcome(visit))
    assert seen == [("pending", None)] * 3 + [("refused", "stays_local")]
    look_again(connected)
    assert (absent_there(connected), no_show()) == (False, True)


def test_a_refusal_is_not_believed_before_a_look_after_it(
    connected: Connected, visit: Appointment, doctor: User
) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    BookingRequest.objects.update(tries=10)
    control(connected.simulator, "PUT", "permissions", {"marks": False})
    run_all()
    assert outcome(visit) == ("pending", None)
    # The write had been taken after all.
    control(connected.simulator, "PUT", "permissions", {})
    connected.client.mark_absent("a", attendee_email="436609999999@sms.cal.com")
    control(connected.simulator, "PUT", "permissions", {"marks": False})
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2), tick=False):
        run_all()
    assert outcome(visit) == ("done", None)


def test_a_replica_that_lags_does_not_swallow_a_mark(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    unmark_visit(appointment_id=visit.pk, by=doctor, at=timezone.now())
    next_call(connected.simulator, "GET /v2/bookings/a", "lie", says={"absent": False})
    run_all()
    assert (outcome(visit), absent_there(connected), no_show()) == (("done", None), False, False)


def test_a_visit_that_cal_com_does_not_know_is_marked_here(
    connected: Connected, visit: Appointment, doctor: User
) -> None:
    control(connected.simulator, "POST", "reset")
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert (outcome(visit), no_show()) == (("refused", "unknown_there"), True)


@pytest.mark.parametrize("fault", ["drop_after_commit", "half_body", "500", "html", "drop", "429"])
def test_a_mark_without_an_answer_is_sent_again(
    fault: str, connected: Connected, visit: Appointment, doctor: User
) -> None:
    next_call(connected.simulator, MARK, fault)
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert outcome(visit) == ("pending", None)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2), tick=False):
        run_all()
    assert (outcome(visit), absent_there(connected), no_show()) == (("done", None), True, True)


def test_a_worker_that_died_and_a_newer_mark(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    # As a worker killed between the call and its commit leaves it.
    BookingRequest.objects.update(state="sent", resolved_at=None)
    unmark_visit(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    assert requests() == [("absent", "sent", None), ("came", "queued", None)]
    with time_machine.travel(timezone.now() + STALE_AFTER, tick=False):
        run_all()
    assert requests() == [("absent", "refused", "superseded"), ("came", "done", None)]
    assert (absent_there(connected), no_show()) == (False, False)


def test_an_echo_does_not_undo_a_newer_mark(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    at = timezone.now()
    unmark_visit(appointment_id=visit.pk, by=doctor, at=at)
    echo(True, at=at - SECOND)
    assert no_show() is False
    # The call took so long that its echo is younger than the newer mark, which is still to be sent.
    echo(True, at=at + SECOND)
    assert no_show() is False
    run_all()
    assert (absent_there(connected), no_show()) == (False, False)


def test_a_newer_mark_made_in_cal_com_counts(connected: Connected, visit: Appointment, doctor: User) -> None:
    next_call(connected.simulator, MARK, "403")
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    run_all()
    echo(False, at=timezone.now() + SECOND)
    assert no_show() is False


def test_a_mark_before_the_visits_start_is_told_after_it(connected: Connected) -> None:
    imported(connected, "a", start="2050-09-05T08:00:00Z")
    look_again(connected)
    visit = Appointment.objects.get()
    CalcomBookings().mark_absence(appointment=visit, absent=True, at=visit.start_ts - dt.timedelta(minutes=30))
    assert pass_on_next_no_show() is False
    assert BookingRequest.objects.get().next_try_at == visit.start_ts + dt.timedelta(minutes=1)


def test_a_calendar_that_stays_away_is_given_up(connected: Connected, visit: Appointment, doctor: User) -> None:
    mark_no_show(appointment_id=visit.pk, by=doctor, at=timezone.now())
    with time_machine.travel(timezone.now() + GIVE_UP_AFTER + SECOND, tick=False):
        next_call(connected.simulator, "GET /v2/bookings/a", "500")
        run_all()
    assert (outcome(visit), no_show()) == (("refused", "calendar_unavailable"), True)
