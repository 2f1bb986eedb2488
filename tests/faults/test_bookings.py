"""Whatever breaks between us and Cal.com, every request gets one true outcome, and nothing is booked twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.faults.booking_house import House, answers, at_once, booking_house
from tests.faults.harness import until
from tests.faults.mirror import settle as settle_webhooks

pytestmark = pytest.mark.slow

VIENNA = ZoneInfo("Europe/Vienna")
WRITES = "POST /v2/bookings*"
BEFORE = ["500", "429", "html", "drop"]
AFTER = ["500_after_commit", "html_after_commit", "half_body", "drop_after_commit"]
# Past the 8 s that a worker waits: never done; done in time, and not said; done when nobody waits any more.
SLOW = ["hang", "hang_after_commit", "late"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with booking_house(Path(tmp_path_factory.mktemp("stack"))) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(house: House) -> None:
    house.faults()
    house.stack.start(*{"web", "bookings"} - set(house.stack.programs))


def fault(do: str, *, times: int = 3, seconds: float = 9) -> dict[str, Any]:
    return {"match": WRITES, "do": do, "times": times, "seconds": seconds}


@pytest.mark.parametrize("do", BEFORE + AFTER + SLOW)
def test_an_answer_that_does_not_come_leaves_one_true_outcome(house: House, do: str) -> None:
    before = len(house.rows())
    (mover, moved), (other, cancelled) = house.booked(), house.booked()
    house.faults(fault(do))
    asked = answers(
        partial(next(house.people).book, house.doctors[0], next(house.times)),
        partial(mover.move, moved, next(house.times)),
        partial(other.cancel, cancelled),
    )
    assert [answer.status_code for answer in asked] == [202, 202, 202]
    house.settle()
    assert {row[2] for row in house.rows()} == {"done"}
    assert len(house.rows()) == before + 5
    house.assert_true()


def call_for(house: House, kind: str) -> Callable[[], requests.Response]:
    if kind == "book":
        return partial(next(house.people).book, house.doctors[0], next(house.times))
    person, visit = house.booked()
    return partial(person.move, visit, next(house.times)) if kind == "reschedule" else partial(person.cancel, visit)


@pytest.mark.parametrize("kind", ["book", "reschedule", "cancel"])
@pytest.mark.parametrize("do", ["hang", "hang_after_commit"])
def test_a_worker_killed_between_the_call_and_the_commit(house: House, do: str, kind: str) -> None:
    call = call_for(house, kind)
    house.faults(fault(do, seconds=30))
    deeds = house.deeds()
    with at_once(call):
        until(lambda: len(house.rows("state = 'sent'")) == 1)
        if do == "hang_after_commit":
            until(lambda: house.deeds() > deeds)
        house.stack.kill("bookings")
    [killed] = house.rows("state = 'sent'")
    house.faults()
    house.stack.start("bookings")
    house.age()
    house.settle()
    assert house.state_of(killed[0]) == "done"
    house.assert_true()


def test_a_webhook_is_faster_than_the_answer_and_is_not_undone(house: House) -> None:
    """Nobody looks it up here: no sweep comes."""
    house.stack.start("worker")
    house.faults(fault("hang_after_commit", times=1), webhooks=True)
    answer = next(house.people).book(house.doctors[0], next(house.times))
    [row] = house.rows()[-1:]
    until(lambda: house.state_of(row[0]) == "done")
    assert answer.status_code in {201, 202}
    given_up = house.stack.log_dir / "bookings.log"
    until(lambda: given_up.read_text().count("calcom_unknown_outcome") > 0)
    assert house.state_of(row[0]) == "done"
    settle_webhooks(house.stack)
    house.stack.kill("worker")
    house.assert_true()


def test_without_redis_a_booking_waits_for_the_sweep(house: House) -> None:
    house.stack.servers.stop("valkey")
    try:
        answer = next(house.people).book(house.doctors[0], next(house.times))
        assert answer.status_code == 202
        request = answer.json()["request_id"]
        assert house.state_of(request) == "queued"
    finally:
        house.stack.bring_redis_back()
    house.settle()
    assert house.state_of(request) == "done"
    house.assert_true()


def test_a_booking_waits_for_no_sweep_that_cal_com_keeps_waiting(house: House) -> None:
    """Both processes of the general worker hang; patients have one of their own."""
    house.stack.start("worker")
    schedules = {"match": "PATCH /v2/organizations/*", "do": "hang", "seconds": 30, "times": 9}
    pulls = {"match": "GET /v2/organizations/*/bookings", "do": "hang", "seconds": 30, "times": 9}
    house.faults(schedules, pulls)
    house.stack.query("UPDATE cal_links SET wanted_hash = 'other', next_try_at = NULL")
    house.stack.query("DELETE FROM sync_runs")
    house.stack.sweep("push_schedules", "pull_bookings")
    pulling = "SELECT 1 FROM sync_runs WHERE finished_at IS NULL"
    pushing = "SELECT 1 FROM cal_links WHERE next_try_at IS NOT NULL AND last_error IS NULL"
    until(lambda: bool(house.stack.query(pulling) and house.stack.query(pushing)))
    answer = next(house.people).book(house.doctors[0], next(house.times))
    assert answer.status_code == 201
    assert house.stack.query(pulling)
    assert house.stack.query(pushing)
    house.stack.kill("worker")
    house.assert_true()


def test_a_request_is_followed_to_the_vendors_call(house: House) -> None:
    answer = next(house.people).book(house.doctors[0], next(house.times))
    line = rf"calcom\.call .*operation=create_booking.*request_id={answer.headers['X-Request-ID']}"
    until(lambda: bool(re.search(line, (house.stack.log_dir / "bookings.log").read_text())))


def test_two_patients_and_one_slot(house: House) -> None:
    for _ in range(5):
        start = next(house.times)
        made = answers(*[partial(next(house.people).book, house.doctors[0], start) for _ in range(2)])
        house.settle()
        states = [row[2:4] for row in house.rows(f"start_ts = '{start.isoformat()}'")]
        assert sorted(states) == [("done", None), ("refused", "slot_taken")]
        # Who was told at once was told the truth.
        assert [answer.status_code for answer in made if answer.status_code != 202] in (
            [201],
            [409],
            [201, 409],
            [409, 201],
        )
        assert {answer.json()["code"] for answer in made if answer.status_code == 409} <= {"slot_taken"}
    house.assert_true()


def test_one_key_is_one_booking_and_gives_its_outcome_in_the_end(house: House) -> None:
    person, start = next(house.people), next(house.times)
    book = partial(person.book, house.doctors[0], start, "the-same-key")
    house.faults(fault("drop_after_commit", times=1))
    first = answers(*[book] * 6)
    assert {answer.status_code for answer in first} <= {202, 409}
    assert {answer.json().get("code") for answer in first if answer.status_code == 409} <= {"idempotency_key_in_use"}
    [row] = house.rows(f"start_ts = '{start.isoformat()}'")
    assert {answer.json()["request_id"] for answer in first if answer.status_code == 202} == {row[0]}
    house.settle()
    last = book()
    assert (last.status_code, last.json()["appointment"]["start"][:16]) == (
        201,
        f"{start.astimezone(VIENNA):%Y-%m-%dT%H:%M}",
    )
    other = person.book(house.doctors[0], next(house.times), "the-same-key")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    house.assert_true()
