"""Whatever breaks on the way, the mirror ends up as Cal.com's own list, field by field."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests

from integrations.calcom.client import CalcomClient
from integrations.calcom.inputs import Attendee
from integrations.calcom.signature import sign
from tests.faults.harness import SECRET, Stack, differing, running_stack, until
from tests.faults.mirror_seed_data import PHONES, TEAM_ID

pytestmark = pytest.mark.slow

HALF_HOUR = dt.timedelta(minutes=30)
MIRROR = """
    SELECT a.cal_booking_id, a.cal_status, a.start_ts, a.end_ts, l.cal_user_id, u.phone, a.guest_name, a.no_show
    FROM appointments a JOIN cal_links l ON l.doctor_id = a.doctor_id LEFT JOIN users u ON u.id = a.patient_id
"""
IN_A_BATCH = """
    SELECT 1 FROM pg_locks JOIN pg_class c ON c.oid = relation
    WHERE relname = 'appointments' AND mode = 'RowExclusiveLock' AND NOT granted
"""
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(Path(tmp_path_factory.mktemp("stack"))) as running:
        running.control("POST", "teams", {"id": TEAM_ID, "name": "North"})
        running.module("tests.faults.mirror_seed")
        running.start("web")
        running.start("worker")
        yield running


@pytest.fixture(autouse=True)
def clean(stack: Stack) -> None:
    """Each test begins with two doctors and no booking: of the simulator too, whose bookings end with the list."""
    stack.control("PUT", "faults", {})
    for name in ("web", "worker"):
        if name not in stack.programs:
            stack.start(name)


@pytest.fixture
def calcom(stack: Stack) -> Iterator[CalcomClient]:
    client = CalcomClient(stack.simulator.config)
    yield client
    client.close()


class Calendar:
    """Free half hours of both doctors, from a day of its own on, so that tests do not meet."""

    days = iter(range(1, 10_000, 30))

    def __init__(self, stack: Stack, calcom: CalcomClient) -> None:
        self.calcom = calcom
        self.types = [row[0] for row in stack.query("SELECT cal_event_type_id FROM cal_links ORDER BY cal_user_id")]
        midnight = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + dt.timedelta(days=next(self.days))
        self.starts = [first + number * HALF_HOUR for number in range(30 * 48)]
        self.free = iter([(kind, start) for start in self.starts for kind in self.types])

    def book(self, number: int) -> str:
        kind, start = next(self.free)
        guest = Attendee(f"Guest {number}", "Europe/Vienna", phone=PHONES[number % len(PHONES)])
        return self.calcom.create_booking(start=start, event_type_id=kind, attendee=guest, metadata={}).uid

    def move(self, uid: str) -> str:
        """To the doctor's next free time."""
        own = self.calcom.get_booking(uid).event_type.id
        while True:
            kind, start = next(self.free)
            if kind == own:
                return self.calcom.reschedule_booking(uid, start=start).uid


@pytest.fixture
def calendar(stack: Stack, calcom: CalcomClient) -> Calendar:
    return Calendar(stack, calcom)


def listed(stack: Stack) -> Rows:
    rows = []
    patients = {row[0] for row in stack.query("SELECT phone FROM users WHERE phone IS NOT NULL")}
    for one in stack.control("GET", "state")["bookings"]:
        if one.get("rescheduledToUid"):
            continue
        booker = one["attendees"][0]
        phone = (booker.get("phoneNumber") or "").removeprefix("+")
        times = (dt.datetime.fromisoformat(one["start"]), dt.datetime.fromisoformat(one["end"]))
        known = phone if phone in patients else None
        host = one["hosts"][0]["id"]
        rows.append((one["uid"], one["status"], *times, host, known, booker["name"], booker["absent"]))
    return sorted(rows)


def mirrored(stack: Stack) -> Rows:
    return sorted(stack.query(MIRROR))


def waiting(stack: Stack) -> int:
    return int(stack.query("SELECT count(*) FROM cal_webhooks WHERE status = 'PENDING'")[0][0])


def settle(stack: Stack) -> None:
    """All that Cal.com wanted to send is sent, and all that was stored is applied."""
    stack.control("POST", "flush")

    def is_settled() -> bool:
        stack.sweep("sweep_webhooks")
        return waiting(stack) == 0

    until(is_settled, every=1)


def pull(stack: Stack) -> None:
    """As when five minutes and a night have gone by."""
    stack.query("DELETE FROM sync_runs")
    stack.sweep("pull_bookings")
    done = "SELECT kind FROM sync_runs WHERE error IS NULL AND finished_at IS NOT NULL"
    until(lambda: len(stack.query(done)) == 2, every=0.5)


def assert_mirrored(stack: Stack) -> None:
    there, here = listed(stack), mirrored(stack)
    assert len(here) == len(there)
    assert differing(here, there) == []


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
            stack.sweep("sweep_webhooks")
            until(lambda: bool(stack.query(IN_A_BATCH)))
            stack.kill("worker")
        assert waiting(stack) == stored
    stack.start("worker")
    settle(stack)
    assert_mirrored(stack)


def test_a_web_server_killed_before_it_answers_makes_no_double(stack: Stack, calendar: Calendar) -> None:
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
        stack.servers.start("valkey")
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
    forget_block(stack)
    pull(stack)
    assert_mirrored(stack)


@pytest.mark.parametrize("fault", ["500", "429", "html", "half_body", "drop"])
def test_a_look_up_that_calcom_answers_badly_is_made_again(stack: Stack, calendar: Calendar, fault: str) -> None:
    stack.control("PUT", "faults", {"webhooks": {"loss": 1.0}})
    uid = calendar.book(1)
    stack.control("PUT", "faults", {"api": {"next": [{"match": f"GET /v2/bookings/{uid}", "do": fault}]}})
    stack.query(f"INSERT INTO booking_lookups (uid, reason, due_at) VALUES ('{uid}', 'test', now())")
    stack.sweep("sweep_lookups")
    postponed = (
        f"SELECT 1 FROM booking_lookups WHERE uid = '{uid}' AND due_at BETWEEN now() AND now() + interval '70 s'"
    )
    until(lambda: bool(stack.query(postponed)))
    forget_block(stack)
    until(lambda: not stack.query(f"SELECT 1 FROM booking_lookups WHERE uid = '{uid}' AND due_at > now() + '100 s'"))
    stack.query("UPDATE booking_lookups SET due_at = now()")

    def is_answered() -> bool:
        stack.sweep("sweep_lookups")
        return not stack.query("SELECT 1 FROM booking_lookups")

    until(is_answered, every=0.5)
    assert_mirrored(stack)


def forget_block(stack: Stack) -> None:
    """As when the minute of a 429 has gone by."""
    with redis.Redis.from_url(stack.servers.redis) as client:
        client.delete("{calcom:key}:blocked-until", "{calcom:key}:calls")


def test_loss_duplicates_and_disorder_over_two_thousand_bookings(stack: Stack, calendar: Calendar) -> None:
    chance = random.Random(4)
    stack.control("PUT", "faults", {"webhooks": {"loss": 0.2, "duplicate": 0.2, "shuffle": 10_000}})
    live: list[str] = []
    past = import_past(stack, calendar, 200)
    for number in range(1800):
        live.append(calendar.book(number))
        if chance.random() < 0.25:
            place = chance.randrange(len(live))
            live[place] = calendar.move(live[place])
        if chance.random() < 0.15:
            calendar.calcom.cancel_booking(live.pop(chance.randrange(len(live))), reason="ill")
        if past and chance.random() < 0.08:
            mark_absent(calendar.calcom, past.pop())
    stack.control("PUT", "faults", {})
    settle(stack)
    pull(stack)
    assert_mirrored(stack)
    pull(stack)
    assert stack.query("SELECT DISTINCT repaired FROM sync_runs") == [({},)]
    assert stack.query("SELECT count(*) FROM sync_drifts") == [(0,)]


def import_past(stack: Stack, calendar: Calendar, count: int) -> list[str]:
    """Visits that have begun, so that somebody can be marked as not come."""
    now = dt.datetime.now(dt.UTC)
    rows = [
        {
            "uid": f"past-{number}",
            "eventTypeId": calendar.types[number % 2],
            "start": (now - dt.timedelta(minutes=10 * (number + 4))).isoformat(),
            "attendee": {"name": f"Past {number}", "phoneNumber": PHONES[number % len(PHONES)]},
        }
        for number in range(count)
    ]
    stack.control("POST", "bookings", rows)
    return [str(row["uid"]) for row in rows]


def mark_absent(calcom: CalcomClient, uid: str) -> None:
    email = calcom.get_booking(uid).attendees[0].email
    calcom.mark_absent(uid, attendee_email=email)
