"""Look-ups are kept until they are answered, or given up with the reason."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from clinical.models import Appointment
from integrations.calcom.inbound.lookup_worker import MANY, MAX_TRIES, look_up_bookings
from integrations.calcom.inbound.lookups import SETTLE, queue_lookups
from integrations.calcom.inbound.pull import pull_changed_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingLookup, CalLink
from tests.integrations.calcom.clinic import counts, next_call
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.mirror import imported, listed, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
LOOK_UP = "GET /v2/bookings/*"


def look_up(*uids: str) -> None:
    queue_lookups(uids, reason="test", at=timezone.now() - SETTLE)
    while look_up_bookings():
        pass


def test_a_look_up_makes_the_visit_and_is_gone(connected: Connected) -> None:
    imported(connected, "a")
    look_up("a")
    assert shown() == listed(connected)
    assert BookingLookup.objects.count() == 0


def test_one_is_not_asked_for_before_it_is_due(connected: Connected) -> None:
    queue_lookups(["a"], reason="test", at=NOW)
    assert look_up_bookings() is False
    assert BookingLookup.objects.get().tries == 0


def test_a_uid_that_is_gone_is_closed(connected: Connected) -> None:
    look_up("never-was")
    assert BookingLookup.objects.count() == 0


@pytest.mark.parametrize("fault", ["500", "html", "half_body", "drop"])
def test_a_failure_is_tried_again_later(connected: Connected, fault: str, clock: time_machine.Traveller) -> None:
    imported(connected, "a")
    next_call(connected.simulator, LOOK_UP, fault)
    look_up("a")
    row = BookingLookup.objects.get()
    assert (row.tries, row.last_error, row.due_at) == (1, "calcom_unavailable", NOW + dt.timedelta(seconds=10))
    clock.shift(dt.timedelta(seconds=10))
    look_up_bookings()
    assert BookingLookup.objects.count() == 0
    assert shown() == listed(connected)


def test_it_is_given_up_in_the_end_and_asking_again_revives_it(
    connected: Connected, clock: time_machine.Traveller
) -> None:
    imported(connected, "a")
    next_call(connected.simulator, LOOK_UP, "500", times=MAX_TRIES)
    look_up("a")
    for _ in range(MAX_TRIES):
        clock.shift(dt.timedelta(hours=1))
        look_up_bookings()
    row = BookingLookup.objects.get()
    assert (row.due_at, row.tries, row.last_error) == (None, MAX_TRIES, "calcom_unavailable")
    look_up("a")
    assert shown() == listed(connected)


def test_a_429_costs_no_try_and_everybody_pauses(connected: Connected, clock: time_machine.Traveller) -> None:
    imported(connected, "a", "b")
    next_call(connected.simulator, LOOK_UP, "429")
    look_up("a", "b")
    later = NOW + dt.timedelta(seconds=60)
    assert list(BookingLookup.objects.values_list("tries", "due_at", "last_error")) == [(0, later, None)] * 2
    assert pull_changed_bookings().error == "calcom_rate_limited"
    clock.shift(dt.timedelta(seconds=60))
    look_up_bookings()
    assert BookingLookup.objects.count() == 0


def test_a_wish_uttered_while_the_answer_is_under_way_stays(connected: Connected) -> None:
    queue_lookups(["a"], reason="first", at=NOW)
    row = BookingLookup.objects.get()
    queue_lookups(["a"], reason="second", at=NOW + dt.timedelta(seconds=1))
    assert BookingLookup.objects.filter(pk="a", due_at=row.due_at).count() == 0
    assert BookingLookup.objects.get().reason == "second"


def test_an_unknown_doctor_waits_until_connected(connected: Connected) -> None:
    imported(connected, "a")
    link = connected.link
    CalLink.objects.update(cal_user_id=999)
    look_up("a")
    row = BookingLookup.objects.get()
    assert (row.due_at, row.last_error, Appointment.objects.count()) == (None, "unknown_doctor", 0)
    connect_doctor(link.pk, connected.client)
    look_up_bookings()
    assert (BookingLookup.objects.count(), shown()) == (0, listed(connected))


def test_many_at_once_are_asked_for_by_one_list(connected: Connected, clock: time_machine.Traveller) -> None:
    uids = [f"m{number:03}" for number in range(4 * MANY)]
    imported(connected, *uids, updatedAt=NOW.isoformat())
    pull_changed_bookings()
    clock.shift(dt.timedelta(minutes=1))
    imported(connected, *uids, status="cancelled", updatedAt=timezone.now().isoformat())
    next_call(connected.simulator, LOOK_UP, "500", times=4 * MANY)
    look_up(*uids)
    assert BookingLookup.objects.count() == 0
    assert shown() == listed(connected)
    assert counts(connected.simulator)["bookings"] == 4 * MANY


def test_a_pull_settles_what_it_lists(connected: Connected) -> None:
    imported(connected, "a", updatedAt=NOW.isoformat())
    queue_lookups(["a", "b"], reason="test", at=NOW - SETTLE)
    pull_changed_bookings()
    assert list(BookingLookup.objects.values_list("uid", flat=True)) == ["b"]
