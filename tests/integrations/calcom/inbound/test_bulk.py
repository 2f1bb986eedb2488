"""Many webhooks in one transaction: what one breaks is its own, and two workers do not get in each other's way."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinical.models import Appointment, AppointmentBooking
from integrations.calcom.inbound.processing import (
    FIRST_RETRY,
    MAX_TRIES,
    UNKNOWN_DOCTOR_NOTE,
    process_webhooks,
)
from integrations.models import CalLink, CalWebhook
from tests.cast import HospitalCast

pytestmark = pytest.mark.django_db
ORGANIZER, STRANGER = 77, 99
# Beyond a bigint: PostgreSQL refuses it, and with it all that is written by the same statement.
TOO_LARGE = 2**70


@pytest.fixture
def linked(north: HospitalCast) -> HospitalCast:
    CalLink.objects.create(doctor=north.doctor, cal_user_id=ORGANIZER)
    return north


def store(trigger: str, uid: str, *, minute: int = 0, organizer: int = ORGANIZER, **more: Any) -> CalWebhook:
    payload = {
        "uid": uid,
        "bookingId": 5,
        "startTime": "2050-09-05T08:00:00Z",
        "endTime": "2050-09-05T08:30:00Z",
        "organizer": {"id": organizer, "email": "doctor@calendar.test"},
        "attendees": [{"name": "Gerda Guest", "email": "g@test"}],
        **more,
    }
    body = {"triggerEvent": trigger, "createdAt": f"2026-01-01T00:{minute:02}:00.000Z", "payload": payload}
    return CalWebhook.objects.create(raw_webhook_body=body, body_sha256=f"{trigger} {uid} {minute}", trigger=trigger)


def statuses() -> list[tuple[str, str | None]]:
    return list(CalWebhook.objects.order_by("pk").values_list("status", "notes"))


def test_one_that_the_database_refuses_fails_alone(linked: HospitalCast) -> None:
    for number in range(7):
        store("BOOKING_CREATED", f"uid-{number}", bookingId=TOO_LARGE if number == 3 else 5)
    now = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
    assert process_webhooks(at=now) == 7
    assert [status for status, _ in statuses()] == ["PROCESSED"] * 3 + ["PENDING"] + ["PROCESSED"] * 3
    assert statuses()[3][1] == "Try 1 failed (DataError); next at 2026-03-02 10:00:10 UTC."
    assert sorted(AppointmentBooking.objects.values_list("uid", flat=True)) == [f"uid-{n}" for n in (0, 1, 2, 4, 5, 6)]
    assert Appointment.objects.count() == 6
    for number in range(1, MAX_TRIES):
        now += FIRST_RETRY * 2 ** (number - 1)
        assert process_webhooks(at=now) == 1
    assert statuses()[3] == ("FAILED", "Gave up after 6 tries (DataError). Replay it.")


def test_one_of_a_stranger_leaves_its_neighbours_alone(linked: HospitalCast) -> None:
    store("BOOKING_CREATED", "a")
    store("BOOKING_RESCHEDULED", "b", minute=1, organizer=STRANGER, rescheduleUid="a")
    store("BOOKING_CANCELLED", "a", minute=2, cancellationReason="ill")
    process_webhooks(at=timezone.now())
    assert statuses() == [("PROCESSED", None), ("FAILED", UNKNOWN_DOCTOR_NOTE), ("PROCESSED", None)]
    assert list(AppointmentBooking.objects.values_list("uid", "rescheduled_to")) == [("a", None)]
    visit = Appointment.objects.get()
    assert (visit.cal_booking_id, visit.status, visit.cancellation_reason) == ("a", "CANCELLED", "ill")


def test_a_batch_costs_the_same_statements_whatever_its_size(
    linked: HospitalCast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        store("BOOKING_CREATED", f"uid-{number}", attendees=[{"name": "G", "phoneNumber": f"+43660{number:07}"}])
        store("BOOKING_CANCELLED", f"uid-{number}", minute=1)
    with django_assert_max_num_queries(22):
        assert process_webhooks(at=timezone.now()) == 120
    assert Appointment.objects.filter(status="CANCELLED").count() == 60


def test_a_visit_of_another_program_is_taken_over(linked: HospitalCast) -> None:
    start = dt.datetime(2050, 9, 5, 7, tzinfo=dt.UTC)
    theirs = Appointment.objects.create(
        cal_booking_id="a", doctor=linked.doctor, start_ts=start, end_ts=start, status="SCHEDULED", cal_raw_payload={}
    )
    store("BOOKING_CREATED", "a")
    process_webhooks(at=timezone.now())
    visit = Appointment.objects.get()
    assert (visit.pk, visit.start_ts) == (theirs.pk, start + dt.timedelta(hours=1))
    assert AppointmentBooking.objects.get().appointment_id == theirs.pk


def test_a_number_no_program_counts_with_is_kept(linked: HospitalCast) -> None:
    store("BOOKING_CREATED", "a", metadata={"theirs": TOO_LARGE})
    process_webhooks(at=timezone.now())
    assert Appointment.objects.get().cal_raw_payload["metadata"] == {"theirs": TOO_LARGE}


def _work() -> int:
    try:
        done = 0
        while claimed := process_webhooks(at=timezone.now(), limit=10):
            done += claimed
        return done
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_chains_without_losing_a_link(linked: HospitalCast) -> None:
    """Each event of a chain is likely in another batch than its neighbours, and so often with the other worker."""
    chains, hops = 12, 8
    for hop in range(hops):
        for chain in range(chains):
            if hop == 0:
                store("BOOKING_CREATED", f"{chain}-0")
            else:
                store("BOOKING_RESCHEDULED", f"{chain}-{hop}", minute=hop, rescheduleUid=f"{chain}-{hop - 1}")
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: _work(), range(2))) == chains * hops
    assert statuses() == [("PROCESSED", None)] * (chains * hops)
    heads = sorted(Appointment.objects.values_list("cal_booking_id", "status"))
    assert heads == sorted((f"{chain}-{hops - 1}", "SCHEDULED") for chain in range(chains))
    assert AppointmentBooking.objects.filter(appointment__isnull=True).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_meet_in_one_new_visit(linked: HospitalCast) -> None:
    for number in range(20):
        store("BOOKING_CREATED", "a", minute=number, title=json.dumps(number))
        store("BOOKING_CREATED", "b", minute=number, title=json.dumps(number))
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: _work(), range(2))) == 40
    assert statuses() == [("PROCESSED", None)] * 40
    assert sorted(Appointment.objects.values_list("cal_booking_id", flat=True)) == ["a", "b"]
