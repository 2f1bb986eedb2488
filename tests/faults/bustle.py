"""A busy month in Cal.com: bookings of every kind made, moved, asked about, refused, cancelled, by chance."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import requests

from tests.faults.harness import Stack
from tests.faults.mirror import half_hours
from tests.faults.mirror_seed_data import PHONES, TEAM_ID

Json = dict[str, Any]
WEEK = dt.timedelta(weeks=1)
SEATS = 3
VISITS_OF_A_COURSE = 3
KINDS: dict[str, Json] = {
    "plain": {},
    "asked": {"confirmationPolicy": {"type": "always", "blockUnconfirmedBookingsInBooker": True}},
    "group": {"seats": {"seatsPerTimeSlot": SEATS}},
    "course": {"recurrence": {"interval": 1, "occurrences": 12, "frequency": "weekly"}},
    "asked-course": {
        "recurrence": {"interval": 1, "occurrences": 12, "frequency": "weekly"},
        "confirmationPolicy": {"type": "always", "blockUnconfirmedBookingsInBooker": True},
    },
}
# How often each is booked.
WEIGHTS = (10, 4, 3, 1, 1)


@dataclass(frozen=True, slots=True)
class Host:
    user_id: int
    email: str
    types: dict[str, int]
    free: list[dt.datetime]

    def take(self, *, visits: int = 1) -> dt.datetime:
        """The first start that is free in each of so many weeks."""
        held = set(self.free)
        start = next(at for at in self.free if all(at + number * WEEK in held for number in range(visits)))
        for number in range(visits):
            self.free.remove(start + number * WEEK)
        return start


@dataclass(slots=True)
class Visit:
    """A live booking; of a course its first."""

    kind: str
    host: Host
    uid: str
    rest: list[str] = field(default_factory=list)


class Bustle:
    def __init__(self, stack: Stack, *, seed: int) -> None:
        self.stack = stack
        self.chance = random.Random(seed)
        self.session = requests.Session()
        self.live: list[Visit] = []
        self.made = 0
        self.people = 0
        self.hosts = [
            self._host(*row) for row in stack.query("SELECT cal_user_id, cal_schedule_id FROM cal_links ORDER BY 1")
        ]
        self.past = self._import_past(200)

    def close(self) -> None:
        self.session.close()

    def book(self, bookings: int) -> None:
        """So many are made; meanwhile things happen to them."""
        while self.made < bookings:
            kind = self.chance.choices(list(KINDS), WEIGHTS)[0]
            self._book(kind, self.chance.choice(self.hosts))
            for visit in self.chance.sample(self.live, min(2, len(self.live))):
                self.chance.choice(HAPPENINGS[visit.kind])(self, visit)
            if self.past and self.chance.random() < 0.1:
                self._mark_absent(self.past.pop())

    def _host(self, user_id: int, schedule_id: int) -> Host:
        types = {}
        for kind, more in KINDS.items():
            body = {"lengthInMinutes": 30, "title": kind, "slug": f"{kind}-{user_id}", "schedulingType": "collective"}
            body |= {"hosts": [{"userId": user_id}], "scheduleId": schedule_id, **more}
            organisation = f"organizations/{self.stack.simulator.org_id}"
            types[kind] = self.call("POST", f"{organisation}/teams/{TEAM_ID}/event-types", body)["id"]
        users = self.stack.control("GET", "state")["users"]
        email = next(one["email"] for one in users if one["id"] == user_id)
        tomorrow = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
        return Host(user_id, email, types, list(islice(half_hours(tomorrow), 50 * 48)))

    def call(self, method: str, path: str, body: Json | None = None) -> Any:
        config = self.stack.simulator.config
        headers = {"Authorization": f"Bearer {config.api_key}", "cal-api-version": "2024-08-13"}
        answer = self.session.request(method, f"{config.base_url}/v2/{path}", json=body, headers=headers, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json().get("data")

    def person(self, *, known: bool = True) -> Json:
        """Two in three are patients here."""
        self.people += 1
        phone = PHONES[self.people % 3] if known and self.people % 3 < 2 else f"+43660{self.people:07d}"
        return {"name": f"Guest {self.people}", "timeZone": "Europe/Vienna", "phoneNumber": phone}

    def _book(self, kind: str, host: Host) -> None:
        visits = VISITS_OF_A_COURSE if "course" in kind else 1
        body = {"start": host.take(visits=visits).isoformat(), "eventTypeId": host.types[kind]}
        body |= {"attendee": self.person()} | ({"recurrenceCount": visits} if visits > 1 else {})
        rows = self.call("POST", "bookings", body)
        uids = [one["uid"] for one in (rows if isinstance(rows, list) else [rows])]
        self.made += len(uids)
        self.live.append(Visit(kind, host, uids[0], uids[1:]))

    def _import_past(self, count: int) -> list[tuple[str, list[str]]]:
        """Visits that have begun, so that somebody can be marked as not come: by uid and the people's emails."""
        now = dt.datetime.now(dt.UTC)
        rows, emails = [], []
        for number in range(count):
            host, is_group = self.hosts[number % 2], number % 10 == 0
            people = [self.person(known=seat == 0) | {"email": f"{number}-{seat}@example.com"} for seat in range(2)]
            row = {"uid": f"past-{number}", "eventTypeId": host.types["group" if is_group else "plain"]}
            row["start"] = (now - dt.timedelta(minutes=10 * (number + 4))).isoformat()
            rows.append(row | ({"seats": people} if is_group else {"attendee": people[0]}))
            emails.append((f"past-{number}", [one["email"] for one in (people if is_group else people[:1])]))
        self.stack.control("POST", "bookings", rows)
        return emails

    def _mark_absent(self, past: tuple[str, list[str]]) -> None:
        uid, emails = past
        for email in self.chance.sample(emails, self.chance.randint(1, len(emails))):
            self.call("POST", f"bookings/{uid}/mark-absent", {"attendees": [{"email": email, "absent": True}]})


def move(bustle: Bustle, visit: Visit) -> None:
    by = {"rescheduledBy": visit.host.email} if bustle.chance.random() < 0.3 else {}
    new = bustle.call("POST", f"bookings/{visit.uid}/reschedule", {"start": visit.host.take().isoformat(), **by})
    bustle.made += 1
    visit.uid = new["uid"]


def cancel(bustle: Bustle, visit: Visit) -> None:
    bustle.call("POST", f"bookings/{visit.uid}/cancel", {"cancellationReason": "ill"})
    if visit.rest:
        visit.uid = visit.rest.pop(0)
    else:
        bustle.live.remove(visit)


def ask_for_another_time(bustle: Bustle, visit: Visit) -> None:
    bustle.stack.control("POST", "events", {"trigger": "REQUEST_RESCHEDULE", "uid": visit.uid, "reason": "Congress."})
    if bustle.chance.random() < 0.5:
        event = {"trigger": "BOOKER_MOVES", "uid": visit.uid, "start": visit.host.take().isoformat()}
        visit.uid = bustle.stack.control("POST", "events", event)["uid"]
        bustle.made += 1
    else:
        bustle.live.remove(visit)


def confirm(bustle: Bustle, visit: Visit) -> None:
    if bustle.call("GET", f"bookings/{visit.uid}")["status"] == "pending":
        bustle.call("POST", f"bookings/{visit.uid}/confirm")


def decline(bustle: Bustle, visit: Visit) -> None:
    if bustle.call("GET", f"bookings/{visit.uid}")["status"] == "pending":
        bustle.call("POST", f"bookings/{visit.uid}/decline", {"reason": "full"})
        bustle.live.remove(visit)


def cancel_the_rest(bustle: Bustle, visit: Visit) -> None:
    """By the series' own uid, or from one of its visits on."""
    if bustle.chance.random() < 0.5:
        series = bustle.call("GET", f"bookings/{visit.uid}")["recurringBookingUid"]
        bustle.call("POST", f"bookings/{series}/cancel", {"cancellationReason": "moved away"})
    else:
        bustle.call("POST", f"bookings/{visit.uid}/cancel", {"cancelSubsequentBookings": True})
    bustle.live.remove(visit)


def take_a_seat(bustle: Bustle, visit: Visit) -> None:
    booking = bustle.call("GET", f"bookings/{visit.uid}")
    if len(booking["attendees"]) < SEATS:
        body = {"start": booking["start"], "eventTypeId": visit.host.types["group"]}
        bustle.call("POST", "bookings", body | {"attendee": bustle.person(known=False)})


def give_a_seat_back(bustle: Bustle, visit: Visit) -> None:
    people = bustle.call("GET", f"bookings/{visit.uid}")["attendees"]
    bustle.call("POST", f"bookings/{visit.uid}/cancel", {"seatUid": bustle.chance.choice(people)["seatUid"]})
    if len(people) == 1:
        bustle.live.remove(visit)


def move_a_seat(bustle: Bustle, visit: Visit) -> None:
    people = bustle.call("GET", f"bookings/{visit.uid}")["attendees"]
    body = {"start": visit.host.take().isoformat(), "seatUid": bustle.chance.choice(people)["seatUid"]}
    new = bustle.call("POST", f"bookings/{visit.uid}/reschedule", body)
    bustle.made += 1
    if len(people) == 1:
        visit.uid = new["uid"]
    else:
        bustle.live.append(Visit("group", visit.host, new["uid"]))


def move_everybody(bustle: Bustle, visit: Visit) -> None:
    body = {"start": visit.host.take().isoformat(), "rescheduledBy": visit.host.email}
    bustle.call("POST", f"bookings/{visit.uid}/reschedule", body)


def nothing(bustle: Bustle, visit: Visit) -> None:
    del bustle, visit


Happening = Callable[[Bustle, Visit], None]
HAPPENINGS: dict[str, list[Happening]] = {
    "plain": [nothing, nothing, nothing, move, move, cancel, ask_for_another_time],
    "asked": [nothing, move, confirm, confirm, decline, cancel, ask_for_another_time],
    "group": [nothing, take_a_seat, take_a_seat, take_a_seat, give_a_seat_back, move_a_seat, move_everybody, cancel],
    "course": [nothing, nothing, move, cancel, cancel_the_rest],
    "asked-course": [nothing, confirm, confirm, decline, move, cancel, cancel_the_rest],
}
