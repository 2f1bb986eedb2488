from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Patient
from clinical.ports import IdempotencyKeyInUse
from config.idempotency import DatabaseIdempotency
from config.models import IdempotencyKey
from tests.api.calendar import Memory
from tests.api.records import NOW
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

START = "2026-03-03T09:00:00+01:00"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "nothing_leaves")]


def book(api: APIClient, north: HospitalCast, *, key: str = "key-1", **changes: Any) -> Any:
    body = {"doctor": str(north.doctor.pk), "start": START, **changes}
    return api.post("/api/v1/appointments/", body, headers={"Idempotency-Key": key})


def test_the_same_request_again_is_the_same_booking(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    first = book(api, north)
    again = book(api, north)
    assert again.json() == first.json()
    assert (first.has_header("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (False, "true")
    assert len(calendar.requests) == 1
    visit = make_visit(patient, north.doctor, NOW + dt.timedelta(hours=22))
    calendar.state, calendar.appointment_id = "done", visit.pk
    later = book(api, north)
    assert (later.status_code, later.json()["appointment"]["id"]) == (201, str(visit.pk))
    assert len(calendar.requests) == 1


def test_one_moment_in_two_zones_is_the_same_request(api: APIClient, calendar: Memory, north: HospitalCast) -> None:
    first = book(api, north)
    assert book(api, north, start="2026-03-03T08:00:00Z", doctor=str(north.doctor.pk).upper()).json() == first.json()
    assert len(calendar.requests) == 1


@pytest.mark.parametrize(("verb", "body"), [("reschedule", {"start": "2026-03-04T09:00:00Z"}), ("cancel", {})])
def test_a_move_and_a_cancellation_may_have_keys(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast, verb: str, body: dict[str, str]
) -> None:
    visit = make_visit(patient, north.doctor, NOW + dt.timedelta(hours=22))
    address, headers = f"/api/v1/appointments/{visit.pk}/{verb}/", {"Idempotency-Key": "key-1"}
    first = api.post(address, body, headers=headers)
    again = api.post(address, body, headers=headers)
    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (202, first.json(), "true")
    other = api.post(address, {**body, "reason": "Another"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    bad = api.post(address, body, headers={"Idempotency-Key": "with space"})
    assert (bad.status_code, bad.json()["code"]) == (400, "idempotency_key_required")
    assert len(calendar.requests) == 1


def test_a_key_for_what_is_so_already_is_given_back(
    api: APIClient, calendar: Memory, patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, NOW + dt.timedelta(hours=22), status="CANCELLED")
    headers = {"Idempotency-Key": "key-1"}
    assert api.post(f"/api/v1/appointments/{visit.pk}/cancel/", {}, headers=headers).status_code == 200
    assert calendar.requests == {}
    assert not IdempotencyKey.objects.exists()


def test_another_key_is_another_booking(api: APIClient, calendar: Memory, north: HospitalCast) -> None:
    book(api, north)
    book(api, north, key="key-2")
    assert len(calendar.requests) == 2


def test_two_people_may_use_the_same_key(
    api: APIClient, other_api: APIClient, calendar: Memory, north: HospitalCast
) -> None:
    assert book(api, north).json() != book(other_api, north).json()
    assert len(calendar.requests) == 2


def test_the_key_of_another_request_is_refused(api: APIClient, calendar: Memory, north: HospitalCast) -> None:
    book(api, north)
    answer = book(api, north, reason="Another")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(calendar.requests) == 1


def test_a_key_still_at_work_is_refused_until_it_is_stale(
    api: APIClient, calendar: Memory, north: HospitalCast, clock: time_machine.Traveller
) -> None:
    book(api, north)
    IdempotencyKey.objects.update(state=IdempotencyKey.State.RUNNING, object_id=None)
    clock.shift(dt.timedelta(seconds=59))
    answer = book(api, north)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_use")
    assert answer["Retry-After"] == "1"
    assert len(calendar.requests) == 1
    clock.shift(dt.timedelta(seconds=1))
    assert book(api, north).status_code == 202
    assert len(calendar.requests) == 2


def test_a_refused_request_gives_its_key_back(api: APIClient, calendar: Memory, north: HospitalCast) -> None:
    calendar.unbookable.add(north.doctor.pk)
    assert book(api, north).status_code == 409
    assert not IdempotencyKey.objects.exists()
    calendar.unbookable.clear()
    assert book(api, north).status_code == 202


def test_a_key_is_forgotten_after_a_day(
    api: APIClient, calendar: Memory, north: HospitalCast, clock: time_machine.Traveller
) -> None:
    book(api, north, start="2026-03-06T09:00:00Z")
    clock.shift(dt.timedelta(hours=24))
    book(api, north, start="2026-03-06T09:00:00Z")
    assert len(calendar.requests) == 2
    assert IdempotencyKey.objects.count() == 1


def test_a_claim_that_was_taken_over_cannot_finish() -> None:
    store, owner = DatabaseIdempotency(), uuid.uuid4()
    stale = store.claim(owner_id=owner, key="k", request_hash="h", at=NOW)
    taken = store.claim(owner_id=owner, key="k", request_hash="h", at=NOW + dt.timedelta(minutes=1))
    with pytest.raises(IdempotencyKeyInUse):
        store.finish(stale, request_id=uuid.uuid4())
    store.release(stale)
    request_id = uuid.uuid4()
    store.finish(taken, request_id=request_id)
    assert IdempotencyKey.objects.get().object_id == request_id
