"""One allowance of calls for all processes, and a share of it that only patients' bookings may use."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.simulators.calcom.process import SimulatorProcess
from integrations.calcom.api.budget import ALONE_A_WINDOW, Alone, Budget, Gate, Purpose, Share
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRateLimited
from tests.integrations.calcom.clinic import control, next_call


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(redis.Redis.from_url(os.environ["REDIS_URL"]), Alone(), clock, clock.sleep)


@pytest.fixture
def lonely(clock: Clock) -> Budget:
    nowhere = redis.Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    return Budget(nowhere, Alone(), clock, clock.sleep)


def taken(budget: Budget, purpose: Purpose, tries: int = 200, shares: Sequence[Share] = ()) -> int:
    """How many of so many tries are let through."""
    count = 0
    for _ in range(tries):
        try:
            budget.take("me", purpose, shares)
        except CalcomRateLimited:
            continue
        count += 1
    return count


def test_the_background_leaves_twenty_for_bookings(budget: Budget) -> None:
    assert [taken(budget, "background"), taken(budget, "booking"), taken(budget, "booking")] == [60, 20, 0]
    assert taken(budget, "slots") == 80


def test_bookings_may_use_all(budget: Budget) -> None:
    assert [taken(budget, "booking"), taken(budget, "background")] == [80, 0]


def test_no_minute_sees_more_than_eighty(budget: Budget, clock: Clock) -> None:
    calls: Counter[int] = Counter()
    for second in range(180):
        calls[second] = taken(budget, "booking", tries=3)
        clock.now += 1
    assert max(sum(calls[start + step] for step in range(60)) for start in range(120)) == 80


def test_who_is_refused_is_told_when_to_ask_again(budget: Budget, clock: Clock) -> None:
    budget.take("me", "booking")
    clock.now += 20
    taken(budget, "booking")
    with pytest.raises(CalcomRateLimited) as refusal:
        budget.take("me", "booking")
    assert refusal.value.retry_after == 40
    clock.now += 40
    budget.take("me", "booking")


def test_after_a_429_everybody_waits(budget: Budget, clock: Clock) -> None:
    budget.block("background", 60)
    assert [taken(budget, "booking", 3), taken(budget, "background", 3), taken(budget, "slots", 3)] == [0, 0, 3]
    clock.now += 60
    assert [taken(budget, "booking", 3), taken(budget, "background", 3)] == [3, 3]


def test_a_shorter_block_does_not_end_a_longer_one(budget: Budget, clock: Clock) -> None:
    budget.block("background", 60)
    budget.block("background", 5)
    clock.now += 10
    assert taken(budget, "booking", 1) == 0


def test_an_operators_command_waits_for_its_turn(budget: Budget, clock: Clock) -> None:
    taken(budget, "booking")
    before = clock.now
    budget.take("me", "setup")
    assert clock.now - before == 60


def test_without_redis_the_background_pauses_and_bookings_go_on(lonely: Budget, clock: Clock) -> None:
    assert taken(lonely, "background", 3) == 0
    assert taken(lonely, "booking", 20) == ALONE_A_WINDOW
    clock.now += 60
    assert taken(lonely, "booking", 1) == 1
    lonely.block("booking", 60)  # nowhere to keep it: nothing breaks


def test_a_share_ends_before_the_whole_does(budget: Budget, clock: Clock) -> None:
    one, other = [Share("one", 20)], [Share("other", 20)]
    assert [taken(budget, "slots", shares=shares) for shares in (one, one, other)] == [20, 0, 20]
    with pytest.raises(CalcomRateLimited) as refusal:
        budget.take("me", "slots", one)
    assert refusal.value.retry_after == 60
    clock.now += 60
    assert taken(budget, "slots", shares=one) == 20


def test_a_share_that_is_used_up_matters_once_little_is_left(budget: Budget) -> None:
    busy, quiet = [Share("busy", 40, free=60)], [Share("quiet", 40, free=60)]
    assert [taken(budget, "slots", shares=shares) for shares in (busy, quiet)] == [60, 20]


def test_who_is_refused_by_one_share_uses_nothing_of_another(budget: Budget) -> None:
    hospital, patient = Share("hospital", 40), Share("patient", 2)
    assert [taken(budget, "slots", shares=shares) for shares in ([hospital, patient], [hospital])] == [2, 38]


def test_threads_share_it(budget: Budget) -> None:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(taken(budget, "background", 30))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 60


def test_the_client_asks_before_each_call_and_reports_a_429(simulator: SimulatorProcess, budget: Budget) -> None:
    control(simulator, "POST", "reset")
    client = CalcomClient(simulator.config, gate=Gate(budget, "background"))
    next_call(simulator, "GET /v2/me", "429")
    with pytest.raises(CalcomRateLimited):
        client.me()
    with pytest.raises(CalcomRateLimited) as refusal:
        client.list_org_webhooks()
    assert refusal.value.operation == "list_org_webhooks"
    client.close()
    booking = CalcomClient(simulator.config, gate=Gate(budget, "booking"))
    with pytest.raises(CalcomRateLimited):
        booking.me()
    booking.close()
