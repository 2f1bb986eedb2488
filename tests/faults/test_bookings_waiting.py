"""No web process holds a database connection while it waits: shown with one connection for sixteen threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from tests.faults.booking_house import House, at_once, booking_house
from tests.faults.harness import until
from tests.faults.narrow_settings import APPLICATION_NAME, WEB_THREADS

pytestmark = pytest.mark.slow

# So many of its threads may wait for an outcome at a time.
WAITING = WEB_THREADS // 4
SESSIONS = "SELECT state FROM pg_stat_activity WHERE application_name = %s"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with booking_house(Path(tmp_path_factory.mktemp("stack"))) as running:
        for program in ("web", "bookings"):
            running.stack.kill(program)
        running.stack.start("web", DJANGO_SETTINGS_MODULE="tests.faults.narrow_settings")
        yield running


def watch(house: House, waiting: list[Future[requests.Response]]) -> Counter[str]:
    """The states of the web process's sessions, looked at until the first of these has its answer."""
    states: Counter[str] = Counter()
    with psycopg.connect(house.stack.servers.database, autocommit=True) as connection:
        while not any(future.done() for future in waiting):
            found = [state for (state,) in connection.execute(SESSIONS, [APPLICATION_NAME]).fetchall()]
            assert len(found) <= 1
            states.update(found)
    return states


def check(house: House, calls: list[Callable[[], requests.Response]], is_waiting: Callable[[], bool]) -> list[int]:
    """While all of these wait, somebody else is answered over the one connection, which nobody holds."""
    somebody = next(house.people)
    with at_once(*calls) as waiting:
        until(is_waiting, every=0.02)
        assert somebody.get("me/").status_code == 200
        assert not any(future.done() for future in waiting)
        states = watch(house, waiting)
    # Polls are short: nearly always it lies in the pool, and never in a transaction that waits for something else.
    assert set(states) <= {"idle", "active"}
    assert states["idle"] > 0.8 * states.total()
    return [future.result().status_code for future in waiting]


def test_those_who_wait_for_an_outcome_hold_none(house: House) -> None:
    calls = [partial(next(house.people).book, house.doctors[0], next(house.times)) for _ in range(WAITING)]
    assert check(house, list(calls), lambda: len(house.rows("state = 'queued'")) == WAITING) == [202] * WAITING


def test_no_more_than_a_quarter_of_the_threads_wait(house: House) -> None:
    book = [partial(next(house.people).book, house.doctors[0], next(house.times)) for _ in range(WAITING + 1)]
    before = len(house.rows())
    with at_once(*book[:WAITING]) as waiting:
        until(lambda: len(house.rows()) == before + WAITING, every=0.02)
        assert book[-1]().status_code == 202
        assert not any(future.done() for future in waiting)


def test_those_who_wait_for_free_times_hold_none(house: House) -> None:
    house.faults({"match": "GET /v2/slots", "do": "hang", "seconds": 3, "times": WEB_THREADS})
    slots = f"doctors/{house.doctors[0]}/slots/"
    people = [next(house.people) for _ in range(WEB_THREADS // 2)]
    calls = [partial(person.get, slots) for person in people]
    budget = "{calcom:slots}:calls"
    with redis.Redis.from_url(house.stack.servers.redis) as client:
        assert check(house, list(calls), lambda: client.zcard(budget) == len(calls)) == [200] * len(calls)
