"""Whatever breaks on the way, the mirror ends up as Cal.com's own list, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.config import sign
from tests.faults.harness import SECRET, Stack, until
from tests.faults.held_answers import line_to
from tests.faults.mirror import (
    Calendar,
    assert_mirrored,
    forget_calls,
    mirror_stack,
    pull,
    settle,
    waiting,
)

pytestmark = pytest.mark.slow

IN_A_BATCH = """
    SELECT 1 FROM pg_locks JOIN pg_class c ON c.oid = relation
    WHERE relname = 'appointments' AND mode = 'RowExclusiveLock' AND NOT granted
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with mirror_stack(Path(tmp_path_factory.mktemp("stack"))) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(stack: Stack) -> None:
    """Each test begins with two doctors and no booking: of the simulator too, whose bookings end with the list."""
    stack.control("PUT", "faults", {})
    stack.start(*{"web", "worker"} - set(stack.programs))


@pytest.fixture
def calcom(stack: Stack) -> Iterator[CalcomClient]:
    client = CalcomClient(stack.simulator.config)
    yield client
    client.close()


@pytest.fixture
def calendar(stack: Stack, calcom: CalcomClient) -> Calendar:
    return Calendar(stack, calcom)


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing(stack: Stack, calendar: Calendar) -> None:
    stack.kill("worker")
    for number in range(300):
        calendar.book(number)
    stack.control("POST", "flush")
    stored = waiting(stack)
    assert stored >= 300
    for _ in range(3):
        with psycopg.connect(stack.servers.database) as holder:
            # The batch gets as far as its first visit, and waits there to be killed.
            holder.execute("LOCK TABLE appointments IN SHARE MODE")
            stack.start("worker")
            stack.sweep("process_webhooks")
            until(lambda: bool(stack.query(IN_A_BATCH)))
            stack.kill("worker")
        assert waiting(stack) == stored
    stack.start("worker")
    settle(stack)
    assert_mirrored(stack)


def test_a_web_server_killed_after_the_commit_and_before_its_answer_makes_no_double(
    stack: Stack, calendar: Calendar
) -> None:
    stack.kill("web")
    with line_to(stack.servers.database) as line:
        stack.start("web", DATABASE_URL=line.url)
        line.hold_answers_to("INSERT INTO cal_webhooks")
        uid = calendar.book(1)
        # PostgreSQL has committed the row, and the server never learns of it: it cannot have answered.
        until(lambda: stored(stack, uid) == 1)
        assert line.is_holding.is_set()
        assert delivery(stack, uid) == ("pending", 0, None)
        stack.kill("web")
    until(lambda: delivery(stack, uid) == ("pending", 1, None))
    stack.start("web")
    settle(stack)
    assert delivery(stack, uid) == ("delivered", 2, 200)
    assert stored(stack, uid) == 1
    versions = "SELECT count(*) FROM appointments a JOIN appointment_history h ON h.pgh_obj_id = a.id"
    assert stack.query(f"{versions} WHERE a.cal_booking_id = '{uid}'") == [(1,)]
    assert_mirrored(stack)


def stored(stack: Stack, uid: str) -> int:
    sql = f"SELECT count(*) FROM cal_webhooks WHERE raw_webhook_body -> 'payload' ->> 'uid' = '{uid}'"
    return int(stack.query(sql)[0][0])


def delivery(stack: Stack, uid: str) -> tuple[str, int, int | None]:
    """What Cal.com knows of its webhook about this booking: its state, how often it was sent, the last answer."""
    [sent] = [one for one in stack.control("GET", "state")["deliveries"] if uid in one["body"]]
    return sent["state"], sent["attempts"], sent["last_status"]


def test_a_web_server_killed_at_any_moment_makes_no_double(stack: Stack, calendar: Calendar) -> None:
    for number in range(40):
        calendar.book(number)
        if number % 10 == 5:
            stack.kill("web")
            stack.start("web")
    settle(stack)
    pull(stack)
    assert_mirrored(stack)
    assert stack.query("SELECT count(*) - count(DISTINCT body_sha256) FROM cal_webhooks") == [(0,)]


def test_a_body_sent_again_after_its_commit_is_stored_once(stack: Stack, calendar: Calendar) -> None:
    uid = calendar.book(1)
    settle(stack)
    sent = next(one for one in stack.control("GET", "state")["deliveries"] if uid in one["body"])
    before = stack.query("SELECT count(*) FROM cal_webhooks")
    headers = {"X-Cal-Signature-256": sign(SECRET, sent["body"].encode()), "Content-Type": "application/json"}
    for _ in range(3):
        answer = requests.post(f"{stack.web}/webhooks/calcom/", sent["body"].encode(), headers=headers, timeout=10)
        assert answer.status_code == 200
    assert stack.query("SELECT count(*) FROM cal_webhooks") == before


def test_without_redis_webhooks_are_stored_and_applied_when_it_is_back(stack: Stack, calendar: Calendar) -> None:
    stack.servers.stop("valkey")
    try:
        uids = [calendar.book(number) for number in range(10)]
        stack.control("POST", "flush")
        states = {
            one["state"] for one in stack.control("GET", "state")["deliveries"] if any(u in one["body"] for u in uids)
        }
        assert states == {"delivered"}
    finally:
        stack.bring_redis_back()
    settle(stack)
    assert_mirrored(stack)


def test_postgres_restarted_while_webhooks_come(stack: Stack, calendar: Calendar) -> None:
    for number in range(30):
        calendar.book(number)
        if number == 10:
            stack.servers.stop("postgres")
        if number == 20:
            stack.servers.start("postgres")
    settle(stack)
    pull(stack)
    assert_mirrored(stack)


@pytest.mark.parametrize("fault", ["500", "429", "html", "hang", "half_body", "drop"])
def test_a_pull_that_calcom_answers_badly_is_made_good_by_the_next(
    stack: Stack, calendar: Calendar, fault: str
) -> None:
    stack.control("PUT", "faults", {"webhooks": {"loss": 1.0}})
    for number in range(5):
        calendar.book(number)
    bad = {"match": "GET /v2/organizations/*/bookings", "do": fault, "times": 2, "seconds": 9}
    stack.control("PUT", "faults", {"api": {"next": [bad]}})
    stack.query("DELETE FROM sync_runs")
    stack.sweep("pull_bookings")
    failed = "SELECT DISTINCT error FROM sync_runs WHERE error IS NOT NULL AND finished_at IS NOT NULL"
    until(lambda: bool(stack.query(failed)), every=0.5)
    expected = "calcom_rate_limited" if fault == "429" else "calcom_unavailable"
    assert stack.query(failed) == [(expected,)]
    stack.control("PUT", "faults", {})
    forget_calls(stack)
    pull(stack)
    assert_mirrored(stack)


@pytest.mark.parametrize("fault", ["500", "429", "html", "half_body", "drop"])
def test_a_look_up_that_calcom_answers_badly_is_made_again(stack: Stack, calendar: Calendar, fault: str) -> None:
    stack.control("PUT", "faults", {"webhooks": {"loss": 1.0}})
    uid = calendar.book(1)
    stack.control("PUT", "faults", {"api": {"next": [{"match": f"GET /v2/bookings/{uid}", "do": fault}]}})
    stack.query(f"INSERT INTO booking_lookups (uid, reason, due_at) VALUES ('{uid}', 'test', now())")
    stack.sweep("look_up_bookings")
    postponed = (
        f"SELECT 1 FROM booking_lookups WHERE uid = '{uid}' AND due_at BETWEEN now() AND now() + interval '70 s'"
    )
    until(lambda: bool(stack.query(postponed)))
    forget_calls(stack)
    until(lambda: not stack.query(f"SELECT 1 FROM booking_lookups WHERE uid = '{uid}' AND due_at > now() + '100 s'"))
    stack.query("UPDATE booking_lookups SET due_at = now()")

    def is_answered() -> bool:
        stack.sweep("look_up_bookings")
        return not stack.query("SELECT 1 FROM booking_lookups")

    until(is_answered, every=0.5)
    assert_mirrored(stack)
