"""The mirror beside Cal.com's own list, in a stack of real processes, and ways to make bookings there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import redis

from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.requests import Attendee
from tests.faults.harness import Stack, differing, running_stack, until
from tests.faults.mirror_seed_data import PHONES, TEAM_ID

HALF_HOUR = dt.timedelta(minutes=30)
VIENNA = ZoneInfo("Europe/Vienna")
# Longer than any test: Cal.com sends again when a test says so (`flush`), never by the clock.
RETRY_DELAY_SECONDS = 600
MIRROR = """
    SELECT a.cal_booking_id, a.cal_status, a.status::text, a.start_ts, a.end_ts, l.cal_user_id, u.phone, a.guest_name,
        a.no_show
    FROM appointments a JOIN cal_links l ON l.doctor_id = a.doctor_id LEFT JOIN users u ON u.id = a.patient_id
"""
Rows = list[tuple[Any, ...]]


def half_hours(first: dt.datetime) -> Iterator[dt.datetime]:
    """Every half hour at which the doctors can be booked: they work round the clock, but not quite on Sundays.

    Sunday ends before midnight then, and the clock changes on Sundays, where Cal.com offers other hours than meant.
    """
    at = first
    while True:
        if all((at + side).astimezone(VIENNA).isoweekday() != 7 for side in (-2 * HALF_HOUR, 2 * HALF_HOUR)):
            yield at
        at += HALF_HOUR


@contextmanager
def mirror_stack(directory: Path) -> Iterator[Stack]:
    """Two doctors, connected, and no booking yet."""
    with running_stack(directory, retry_delay=RETRY_DELAY_SECONDS) as running:
        running.control("POST", "teams", {"id": TEAM_ID, "name": "North"})
        running.module("tests.faults.mirror_seed")
        running.start("web", "worker")
        yield running


class Calendar:
    """Free half hours of both doctors, from a day of its own on, so that tests do not meet."""

    days = iter(range(1, 10_000, 30))

    def __init__(self, stack: Stack, calcom: CalcomClient) -> None:
        self.calcom = calcom
        self.types = [row[0] for row in stack.query("SELECT cal_event_type_id FROM cal_links ORDER BY cal_user_id")]
        midnight = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + dt.timedelta(days=next(self.days))
        starts = takewhile(lambda start: start < first + dt.timedelta(days=30), half_hours(first))
        self.free = iter([(kind, start) for start in starts for kind in self.types])

    def book(self, number: int) -> str:
        kind, start = next(self.free)
        guest = Attendee(f"Guest {number}", "Europe/Vienna", phone=PHONES[number % len(PHONES)])
        return self.calcom.create_booking(start=start, event_type_id=kind, attendee=guest, metadata={}).uid


def listed(stack: Stack) -> Rows:
    """What Cal.com lists: the last booking of each visit."""
    patients = {row[0] for row in stack.query("SELECT phone FROM users WHERE phone IS NOT NULL")}
    bookings = stack.control("GET", "state")["bookings"]
    return sorted(_row(one, patients) for one in bookings if not one.get("rescheduledToUid"))


def _row(one: dict[str, Any], patients: set[str]) -> tuple[Any, ...]:
    start, end = dt.datetime.fromisoformat(one["start"]), dt.datetime.fromisoformat(one["end"])
    shown = "CANCELLED" if one["status"] in {"cancelled", "rejected"} else _by_clock(end)
    booking = (one["uid"], one["status"], shown, start, end, one["hosts"][0]["id"])
    if not one["attendees"]:
        return booking
    booker = one["attendees"][0]
    phone = (booker.get("phoneNumber") or "").removeprefix("+")
    return (*booking, phone if phone in patients else None, booker["name"], booker["absent"])


def _by_clock(end: dt.datetime) -> str:
    return "COMPLETED" if end + dt.timedelta(hours=12) <= dt.datetime.now(dt.UTC) else "SCHEDULED"


def mirrored(stack: Stack) -> Rows:
    return sorted(stack.query(MIRROR))


def waiting(stack: Stack) -> int:
    return int(stack.query("SELECT count(*) FROM cal_webhooks WHERE status = 'PENDING'")[0][0])


def settle(stack: Stack) -> None:
    """All that Cal.com wanted to send is sent, and all that was stored is applied."""
    stack.control("POST", "flush")

    def is_settled() -> bool:
        stack.sweep("process_webhooks")
        return waiting(stack) == 0

    until(is_settled, every=1)


def pull(stack: Stack) -> None:
    """As when five minutes and a night have gone by."""
    stack.query("DELETE FROM sync_runs")
    done = "SELECT DISTINCT kind FROM sync_runs WHERE error IS NULL AND finished_at IS NOT NULL"

    def is_done() -> bool:
        forget_calls(stack)
        stack.sweep("pull_bookings")
        return len(stack.query(done)) == 2

    until(is_done, every=2)


def assert_mirrored(stack: Stack) -> None:
    there = {row[0]: row for row in listed(stack)}
    here = {row[0]: row for row in mirrored(stack)}
    assert sorted(here) == sorted(there)
    # Where nobody is left in a visit, Cal.com says nothing of people.
    assert differing([row[: len(there[uid])] for uid, row in here.items()], list(there.values())) == []


def forget_calls(stack: Stack) -> None:
    """As when the minute of a 429, or of the calls made, has gone by."""
    with redis.Redis.from_url(stack.servers.redis) as client:
        client.delete("{calcom:key}:blocked-until", "{calcom:key}:calls")
