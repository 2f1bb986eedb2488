"""Patients who book through the API of a real stack, and what became of it beside what Cal.com holds."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from integrations.calcom.facts.reference import METADATA_KEY
from tests.faults.harness import Stack, differing, running_stack, until
from tests.faults.mirror import RETRY_DELAY_SECONDS, Rows, forget_calls, half_hours, listed, mirrored
from tests.faults.mirror_seed_data import TEAM_ID

# Only what the workers find out by themselves.
NO_WEBHOOKS = {"webhooks": {"loss": 1.0}}
DEADLINE_SECONDS = 30
OPEN = "state IN ('queued', 'sent', 'unknown')"
_keys = itertools.count()


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in patient."""

    stack: Stack
    token: str

    def get(self, path: str) -> requests.Response:
        return self._call("GET", path)

    def book(self, doctor: str, start: dt.datetime, key: str = "") -> requests.Response:
        body = {"doctor": doctor, "start": start.isoformat()}
        return self._call("POST", "appointments/", body, key=key or f"key-{next(_keys)}")

    def move(self, visit: str, start: dt.datetime) -> requests.Response:
        return self._call("POST", f"appointments/{visit}/reschedule/", {"start": start.isoformat()})

    def cancel(self, visit: str) -> requests.Response:
        return self._call("POST", f"appointments/{visit}/cancel/", {"reason": "ill"})

    def _call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        url = f"{self.stack.web}/api/v1/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=DEADLINE_SECONDS)


@dataclass
class House:
    """`people` are patients nobody has been yet, `times` half hours nobody has."""

    stack: Stack
    people: Iterator[Person]
    doctors: list[str]
    times: Iterator[dt.datetime]

    def booked(self) -> tuple[Person, str]:
        """A patient with a visit."""
        person = next(self.people)
        answer = person.book(self.doctors[0], next(self.times))
        assert answer.status_code in {201, 202}, answer.text
        if answer.status_code == 201:
            return person, str(answer.json()["appointment"]["id"])
        request = f"appointments/requests/{answer.json()['request_id']}/"
        until(lambda: person.get(request).json()["status"] == "done")
        return person, str(person.get(request).json()["appointment"]["id"])

    def faults(self, *api: dict[str, Any], webhooks: bool = False) -> None:
        self.stack.control("PUT", "faults", ({} if webhooks else NO_WEBHOOKS) | {"api": {"next": list(api)}})

    def rows(self, where: str = "true") -> list[tuple[Any, ...]]:
        """Each request: id, kind, state, code, uid, start."""
        return self.stack.query(
            "SELECT id::text, kind, state, outcome_code, booking_uid, start_ts FROM booking_requests"
            f" WHERE {where} ORDER BY created_at, id"
        )

    def state_of(self, request: str) -> str:
        return str(self.rows(f"id = '{request}'")[0][2])

    def settle(self) -> None:
        """As when minutes go by: what is due later is due now, and the sweeps come."""

        def is_settled() -> bool:
            forget_calls(self.stack)
            self.stack.query("UPDATE booking_requests SET next_try_at = now() WHERE state IN ('queued', 'unknown')")
            self.stack.sweep("run_booking_requests")
            return not self.rows(OPEN)

        until(is_settled, every=0.5)

    def age(self) -> None:
        """As when a worker that has died is taken for dead."""
        self.stack.query("UPDATE booking_requests SET sent_at = sent_at - interval '5 min' WHERE state = 'sent'")

    def deeds(self) -> int:
        """Grows with each booking made, moved or cancelled in Cal.com."""
        held = self.held()
        return len(held) + len([one for one in held if one["status"] == "cancelled"])

    def held(self) -> list[dict[str, Any]]:
        bookings: list[dict[str, Any]] = self.stack.control("GET", "state")["bookings"]
        return bookings

    def assert_true(self) -> None:
        """Every request has its one outcome, Cal.com's list agrees, nothing is there twice, the mirror equals it."""
        held = {one["uid"]: one for one in self.held()}
        cancelled = {row[4] for row in self.rows("kind = 'cancel' AND state = 'done'")}
        for _, kind, state, _code, uid, start in self.rows():
            assert state in {"done", "refused"}
            if state == "refused":
                continue
            is_over = uid in cancelled or held[uid].get("rescheduledToUid")
            assert held[uid]["status"] == ("cancelled" if is_over else "accepted")
            if kind != "cancel":
                assert dt.datetime.fromisoformat(held[uid]["start"]) == start
        first = [one for one in held.values() if not one.get("rescheduledFromUid")]
        references = Counter(one["metadata"][METADATA_KEY].partition(".")[0] for one in first)
        booked = [row[0] for row in self.rows("kind = 'book' AND state = 'done'")]
        assert references == Counter(booked)
        taken = Counter((one["start"], one["hosts"][0]["id"]) for one in held.values() if one["status"] == "accepted")
        assert set(taken.values()) <= {1}
        assert differing(_without_names(mirrored(self.stack)), _without_names(listed(self.stack))) == []


def _without_names(rows: Rows) -> Rows:
    """Of a patient's own booking the name is the patient's, and not kept with the visit."""
    return [(*row[:7], *row[8:]) for row in rows]


@contextmanager
def booking_house(directory: Path) -> Iterator[House]:
    with running_stack(directory, retry_delay=RETRY_DELAY_SECONDS) as stack:
        stack.control("POST", "teams", {"id": TEAM_ID, "name": "North"})
        seeded = json.loads(stack.module("tests.faults.booking_seed").splitlines()[-1])
        stack.start("web", "bookings")
        midnight = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        times = half_hours(midnight + dt.timedelta(days=2))
        yield House(stack, (Person(stack, token) for token in seeded["tokens"]), seeded["doctors"], times)


@contextmanager
def at_once(*calls: Callable[[], requests.Response]) -> Iterator[list[Future[requests.Response]]]:
    """Make these calls together, and wait for them at the end."""
    with ThreadPoolExecutor(len(calls)) as pool:
        yield [pool.submit(call) for call in calls]


def answers(*calls: Callable[[], requests.Response]) -> list[requests.Response]:
    with at_once(*calls) as futures:
        return [future.result() for future in futures]
