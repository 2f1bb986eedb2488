"""The pull repairs what webhooks missed, says what it repaired, and notices what it cannot."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pydantic import JsonValue

from clinical.models import Appointment, AppointmentBooking
from integrations.calcom.api.budget import CALLS_A_WINDOW, KEPT_FOR_BOOKINGS, shared_budget
from integrations.calcom.api.client import BOOKINGS_PER_PAGE
from integrations.calcom.api.list_reading import by_change
from integrations.calcom.inbound import pull
from integrations.calcom.inbound.drift import persisting_drifts
from integrations.calcom.inbound.lookup_worker import look_up_bookings
from integrations.calcom.inbound.lookups import queue_lookups
from integrations.calcom.inbound.pull import (
    pull_changed_bookings,
    pull_changed_if_due,
    pull_window,
    pull_window_if_due,
)
from integrations.figures import mirror_figures
from integrations.models import BookingLookup, CalLink, SyncDrift, SyncRun
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.mirror import PATIENT_PHONE, imported, listed, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def stamp(minutes: int) -> str:
    return (NOW + minutes * MINUTE).isoformat()


def test_a_missed_booking_is_made(connected: Connected) -> None:
    imported(connected, "a", updatedAt=stamp(-5), attendee={"name": "Paula Patient", "phoneNumber": PATIENT_PHONE})
    run = pull_changed_bookings()
    assert (run.seen, run.repaired, run.error, run.unreadable) == (1, {"missing_visit": 1}, None, 0)
    assert shown() == listed(connected)
    assert Appointment.objects.get().patient_id == connected.patient.pk
    assert pull_changed_bookings().repaired == {}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"status": "cancelled"}, "changed_status"),
        ({"start": "2026-12-08T09:00:00Z"}, "changed_times"),
        ({"attendee": {"name": "Paula Patient", "phoneNumber": PATIENT_PHONE}}, "changed_patient"),
        ({"attendee": {"name": "Gerda Other", "phoneNumber": "+436609999999"}}, "changed_patient"),
    ],
)
def test_what_changed_is_repaired_and_counted_by_kind(connected: Connected, change: dict[str, str], kind: str) -> None:
    imported(connected, "a", updatedAt=stamp(-9))
    pull_changed_bookings()
    imported(connected, "a", updatedAt=stamp(-3), **change)
    assert pull_changed_bookings().repaired == {kind: 1}
    assert shown() == listed(connected)
    assert SyncDrift.objects.count() == 0


def test_a_no_show_does_not_change_the_booking_and_is_found_at_night(
    connected: Connected, clock: time_machine.Traveller
) -> None:
    imported(connected, "a", start="2026-11-30T09:00:00Z")
    assert pull_window().repaired == {"missing_visit": 1}
    for absent in (True, False, True):
        imported(connected, "a", start="2026-11-30T09:00:00Z", absent=absent)
        clock.shift(MINUTE)
        assert pull_window().repaired == {"no_show": 1}
        assert Appointment.objects.get().no_show is absent
    assert pull_window().repaired == {}


def test_another_doctor_takes_over_without_a_webhook(
    connected: Connected, south: HospitalCast, clock: time_machine.Traveller
) -> None:
    imported(connected, "a", updatedAt=stamp(-9))
    pull_changed_bookings()
    user_id = connected.link.cal_user_id
    CalLink.objects.all().delete()
    CalLink.objects.create(doctor=south.doctor, cal_user_id=user_id)
    AppointmentBooking.objects.update(organizer_id=999)
    clock.shift(MINUTE)
    assert pull_changed_bookings().repaired == {"changed_doctor": 1}
    assert Appointment.objects.get().doctor_id == south.doctor.pk


def test_a_doctor_nobody_knows_is_counted_and_is_no_drift(connected: Connected) -> None:
    imported(connected, "a", updatedAt=stamp(-5))
    CalLink.objects.update(cal_user_id=999)
    assert pull_changed_bookings().repaired == {"unknown_doctor": 1}
    assert (Appointment.objects.count(), SyncDrift.objects.count()) == (0, 0)


def test_a_moved_visit_whose_webhook_was_lost_stays_one_visit(connected: Connected) -> None:
    imported(connected, "a", updatedAt=stamp(-9))
    pull_changed_bookings()
    before = Appointment.objects.get().pk
    imported(connected, "a", updatedAt=stamp(-4), status="cancelled", rescheduledToUid="b")
    imported(connected, "b", updatedAt=stamp(-4), start="2026-12-09T09:00:00Z", rescheduledFromUid="a")
    pull_changed_bookings()
    assert shown() == listed(connected)
    assert Appointment.objects.get().pk == before
    assert pull_changed_bookings().repaired == {}


def test_a_booking_that_lives_there_and_is_no_visit_here_is_drift(connected: Connected) -> None:
    imported(connected, "a", updatedAt=stamp(-9))
    imported(connected, "b", updatedAt=stamp(-9), start="2026-12-09T09:00:00Z")
    pull_changed_bookings()
    AppointmentBooking.objects.filter(pk="b").update(rescheduled_from="a", rescheduled_from_at=NOW)
    imported(connected, "b", updatedAt=stamp(-8), start="2026-12-09T10:00:00Z")
    pull_changed_bookings()
    assert Appointment.objects.get().cal_booking_id == "b"
    pull_changed_bookings()
    assert list(SyncDrift.objects.values_list("uid", "kinds")) == [("a", ["missing_visit"])]


def test_a_pull_begins_where_the_last_one_came_to_less_an_overlap(
    connected: Connected, clock: time_machine.Traveller
) -> None:
    first = pull_changed_bookings()
    assert (first.window_start, first.reached_at) == (NOW - dt.timedelta(days=1), NOW)
    clock.shift(5 * MINUTE)
    next_call(connected.simulator, "GET /v2/organizations/*", "500")
    failed = pull_changed_bookings()
    assert (failed.error, failed.reached_at) == ("calcom_unavailable", None)
    clock.shift(5 * MINUTE)
    assert pull_changed_bookings().window_start == NOW - pull.OVERLAP


def test_a_pull_that_is_stopped_keeps_what_it_has_and_the_next_goes_on(
    connected: Connected, clock: time_machine.Traveller
) -> None:
    rows = BOOKINGS_PER_PAGE + 50
    for first in range(0, rows, 50):
        imported(connected, *(f"m{first + number}" for number in range(50)), updatedAt=stamp(-300 + first))
    for _ in range(CALLS_A_WINDOW - KEPT_FOR_BOOKINGS - 1):
        shared_budget().take("other work", "background")
    stopped = pull_changed_bookings()
    assert (stopped.error, stopped.seen) == ("calcom_rate_limited", BOOKINGS_PER_PAGE)
    assert stopped.reached_at == NOW - 100 * MINUTE
    assert Appointment.objects.count() == BOOKINGS_PER_PAGE
    clock.shift(MINUTE)
    resumed = pull_changed_bookings()
    assert (resumed.window_start, resumed.error, resumed.repaired) == (NOW - 110 * MINUTE, None, {"missing_visit": 50})
    assert shown() == listed(connected)


def test_more_rows_of_one_moment_than_a_page_holds(connected: Connected) -> None:
    imported(connected, *(f"m{number}" for number in range(BOOKINGS_PER_PAGE + 10)), updatedAt=stamp(-9))
    assert pull_changed_bookings().seen == BOOKINGS_PER_PAGE + 10


def test_rows_that_change_while_pages_are_read_hide_no_other(connected: Connected) -> None:
    for number in range(3):
        imported(connected, *(f"m{number}-{row}" for row in range(200)), updatedAt=stamp(-30 + number))
    pages = by_change(connected.client, NOW - 60 * MINUTE)
    seen = {one.uid for one in next(pages).bookings}
    # These were on the first page and are at the end now: by number, as many others would have slipped past.
    imported(connected, *(f"m0-{row}" for row in range(200)), updatedAt=stamp(-1))
    for page in pages:
        seen |= {one.uid for one in page.bookings}
    assert len(seen) == 600


def test_a_pull_is_due_every_five_minutes_and_at_once_after_a_failure(
    connected: Connected, clock: time_machine.Traveller
) -> None:
    assert pull_changed_if_due() is not None
    clock.shift(4 * MINUTE)
    assert pull_changed_if_due() is None
    clock.shift(MINUTE)
    next_call(connected.simulator, "GET /v2/organizations/*", "429")
    failed = pull_changed_if_due()
    assert failed is not None
    assert failed.error == "calcom_rate_limited"
    clock.shift(MINUTE)
    again = pull_changed_if_due()
    assert again is not None
    assert again.error is None
    SyncRun.objects.create(kind="updated", window_start=NOW, started_at=NOW + 6 * MINUTE)  # at work just now
    assert pull_changed_if_due() is None


def test_pulls_of_a_clock_that_was_ahead_hide_nothing(connected: Connected, clock: time_machine.Traveller) -> None:
    clock.shift(60 * MINUTE)
    assert pull_changed_if_due() is not None
    assert pull_window_if_due() is not None
    clock.shift(-59 * MINUTE)
    assert mirror_figures(at=timezone.now())[1].samples == []
    imported(connected, "a", updatedAt=stamp(-5))
    run = pull_changed_if_due()
    assert run is not None
    assert run.repaired == {"missing_visit": 1}
    assert (pull_changed_if_due(), pull_window_if_due() is not None) == (None, True)
    assert {sample.value for sample in mirror_figures(at=timezone.now())[1].samples} == {0}


def test_the_window_is_due_once_a_night(connected: Connected, clock: time_machine.Traveller) -> None:
    first = pull_window_if_due()
    assert first is not None
    assert (first.window_start, first.window_end) == (NOW - dt.timedelta(days=2), NOW + dt.timedelta(days=60))
    assert pull_window_if_due() is None
    clock.shift(dt.timedelta(hours=13))
    assert pull_window_if_due() is None
    clock.shift(dt.timedelta(hours=1))
    assert pull_window_if_due() is not None
    assert pull_window_if_due() is None


def test_visits_that_calcom_does_not_list_stay_and_are_looked_up(connected: Connected) -> None:
    imported(connected, "a", updatedAt=stamp(-5))
    imported(connected, "b", updatedAt=stamp(-5), start="2026-12-07T10:00:00Z")
    pull_changed_bookings()
    Appointment.objects.update(last_synced_at=NOW - MINUTE)
    imported(connected, "b", updatedAt=stamp(-5), start="2028-01-10T10:00:00Z")
    run = pull_window()
    assert (run.absent_there, Appointment.objects.count()) == (1, 2)
    assert list(BookingLookup.objects.values_list("uid", "reason")) == [("b", "absent_there")]


def test_a_difference_that_stays_raises_the_alarm(connected: Connected, clock: time_machine.Traveller) -> None:
    imported(connected, "a", updatedAt=stamp(-9))
    pull_changed_bookings()
    # As if an event had said so later than Cal.com's own word.
    AppointmentBooking.objects.update(start_ts=NOW, end_ts=NOW + MINUTE, times_at=NOW + 60 * MINUTE)
    assert pull_changed_bookings().repaired == {}
    assert (SyncDrift.objects.get().kinds, persisting_drifts()) == (["changed_times"], 0)
    clock.shift(MINUTE)
    pull_changed_bookings()
    assert persisting_drifts() == 1
    figures = {family.name: family.samples for family in mirror_figures(at=NOW)}
    assert figures["wardbook_calcom_drift_persisting"][0].value == 1
    AppointmentBooking.objects.update(times_at=NOW - 60 * MINUTE)
    assert pull_changed_bookings().repaired == {"changed_times": 1}
    assert SyncDrift.objects.count() == 0


def test_a_pull_of_few_among_many_is_complete_after_one_page(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(connected, *(f"old{number}" for number in range(BOOKINGS_PER_PAGE)))
    imported(connected, "a", updatedAt=stamp(-5))
    assert [len(page.bookings) for page in by_change(connected.client, NOW - 60 * MINUTE)] == [1]
    monkeypatch.setattr(pull, "SHARE_SECONDS", 0)
    run = pull_changed_bookings()
    assert (run.seen, run.error, run.reached_at) == (1, None, NOW)


def test_what_cannot_be_applied_stops_no_other(connected: Connected) -> None:
    imported(connected, "a", "refused", updatedAt=stamp(-5))
    imported(connected, "impossible", updatedAt=stamp(-4), end="2026-12-07T09:00:00Z")
    person: JsonValue = {"name": "Gerda\0Guest", "phoneNumber": "+436609999999"}
    imported(connected, "z", updatedAt=stamp(-3), attendee=person)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE appointment_bookings ADD CHECK (uid <> 'refused')")
    queue_lookups(["refused", "z"], reason="test", at=NOW - MINUTE)
    run = pull_changed_bookings()
    assert (run.error, run.seen, run.unreadable, run.repaired) == (None, 3, 2, {"missing_visit": 2})
    assert sorted(Appointment.objects.values_list("cal_booking_id", "guest_name")) == [
        ("a", "Gerda Guest"),
        ("z", "Gerda\\u0000Guest"),
    ]
    assert list(BookingLookup.objects.values_list("uid", flat=True)) == ["refused"]
    look_up_bookings()
    assert BookingLookup.objects.values_list("tries", "last_error").get() == (1, "IntegrityError")


def test_guests_in_any_order_are_no_difference(connected: Connected) -> None:
    guests: JsonValue = [{"name": "", "email": "kin@example.com"}, {"name": "", "email": "kim@example.com"}]
    imported(connected, "a", updatedAt=stamp(-5), start="2026-11-30T09:00:00Z", guests=guests, absent=True)
    assert pull_changed_bookings().repaired == {"missing_visit": 1}
    assert (Appointment.objects.get().guest_name, Appointment.objects.get().no_show) == ("Gerda Guest", True)
    assert [pull_changed_bookings().repaired for _ in range(9)] == [{}] * 9


def test_a_page_that_agrees_costs_two_queries_and_no_write(connected: Connected) -> None:
    imported(connected, *(f"m{number}" for number in range(20)), updatedAt=stamp(-9))
    pull_changed_bookings()
    stamps = list(AppointmentBooking.objects.values_list("updated_at", flat=True))
    with CaptureQueriesContext(connection) as queries:
        pull_changed_bookings()
    assert len(queries) <= 8
    assert list(AppointmentBooking.objects.values_list("updated_at", flat=True)) == stamps
