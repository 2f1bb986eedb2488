"""Which visits there are around the demo's day: whose, when, and what became of them. No rows yet."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from dev.demo.people import House, Member, Person, full_names, visits_of_day

VISITS = 2000
WEEKS_EACH_WAY = 5
TODAY_FILLED = 0.93
# A booked visit counts as over this long after its end, whoever forgot to say so.
COMPLETED_AFTER = dt.timedelta(hours=12)
# A patient may hold this many open visits; one less here, so that the demo's patients can book another.
OPEN_VISITS = 2
STAR_VISITS = 6
GUEST_PHONE = "1303555{:04}"

REASONS = (
    "I feel better now",
    "Cannot get away from work",
    "The child is ill",
    "Will be travelling",
    "Booked twice by mistake",
)


@dataclass(frozen=True, slots=True)
class Slot:
    house: House
    doctor: Member
    start: dt.datetime
    end: dt.datetime


@dataclass(slots=True)
class Visit:
    """A chain of bookings. `earlier` are the slots it was moved away from, oldest first, with when it was moved."""

    slot: Slot
    booked_at: dt.datetime
    person: Person | None = None
    guest_name: str = ""
    phone: str = ""
    match: str = "none"
    cal_status: str = "accepted"
    no_show: bool = False
    ended_by: str = ""
    cancelled_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    earlier: list[tuple[Slot, dt.datetime]] = field(default_factory=list)

    @property
    def is_cancelled(self) -> bool:
        return self.cal_status in ("cancelled", "rejected")

    @property
    def name(self) -> str:
        return self.person.name if self.person else self.guest_name

    def status(self, at: dt.datetime) -> str:
        if self.is_cancelled:
            return "CANCELLED"
        is_over = self.completed_at is not None or self.slot.end + COMPLETED_AFTER < at
        return "COMPLETED" if is_over else "SCHEDULED"


def plan_visits(houses: list[House], *, at: dt.datetime) -> list[Visit]:
    """Exactly VISITS visits, ordered by start: the day itself nearly full, the future thinning out."""
    rng = random.Random("wardbook demo visits")
    slots = _chosen(houses, rng, at=at)
    visits = [_visit(slot, rng, at=at) for slot in slots]
    for house in houses:
        _give_star_visits(house, visits, at=at)
    _give_patients(visits, rng, at=at)
    _move_some(visits, slots, rng, at=at)
    return visits


def _chosen(houses: list[House], rng: random.Random, *, at: dt.datetime) -> list[Slot]:
    """Weighted sampling without replacement: the greatest of u^(1/w) win."""
    keyed = [
        (rng.random() ** (1 / weight), index, slot)
        for index, (slot, weight) in enumerate(_weighted_slots(houses, rng, at=at))
    ]
    chosen = [slot for _, _, slot in sorted(keyed, reverse=True)[:VISITS]]
    return sorted(chosen, key=lambda slot: (slot.start, slot.doctor.id))


def _weighted_slots(houses: list[House], rng: random.Random, *, at: dt.datetime) -> Iterator[tuple[Slot, float]]:
    reach = WEEKS_EACH_WAY * 7
    for house in houses:
        today = at.astimezone(house.zone).date()
        for days in range(-reach, reach + 1):
            day = today + dt.timedelta(days=days)
            for doctor in house.doctors:
                for start, end in visits_of_day(doctor.windows, day, zone=house.zone, length=house.visit_length):
                    if weight := _weight(days, rng, is_now=start <= at < end):
                        yield Slot(house, doctor, start, end), weight


def _weight(days: int, rng: random.Random, *, is_now: bool) -> float:
    """How likely a slot so many days away is taken, against others."""
    if days == 0:
        return 1e6 if is_now or rng.random() < TODAY_FILLED else 0.0
    if days < 0:
        return 2.0 if days > -7 else 1.3
    return max(0.15, 1.6 - 0.11 * days)


def _visit(slot: Slot, rng: random.Random, *, at: dt.datetime) -> Visit:
    latest = min(slot.start - dt.timedelta(hours=2), at - dt.timedelta(minutes=10))
    booked_at = latest - dt.timedelta(minutes=rng.expovariate(1 / (9 * 24 * 60)))
    visit = Visit(slot, booked_at)
    chance = rng.random()
    if chance < (0.11 if slot.end + COMPLETED_AFTER < at else 0.07):
        _cancel(visit, rng, at=at)
    elif slot.end < at:
        visit.no_show = chance > 0.94
        marked_at = slot.end + dt.timedelta(minutes=rng.randint(-4, 25))
        if chance < 0.86 and marked_at < at:
            visit.completed_at = marked_at
    elif slot.start > at + dt.timedelta(days=1) and chance > 0.98:
        visit.cal_status = "pending"
    return visit


def _cancel(visit: Visit, rng: random.Random, *, at: dt.datetime) -> None:
    by_host = rng.random() < 0.15
    visit.cal_status = "rejected" if by_host and visit.slot.start > at else "cancelled"
    visit.ended_by = "The doctor is away that day" if by_host else rng.choice(REASONS)
    visit.cancelled_at = _between(visit.booked_at, min(visit.slot.start, at), rng)


def _give_star_visits(house: House, visits: list[Visit], *, at: dt.datetime) -> None:
    """The shown patient with the shown doctor: some visits behind, one coming."""
    own = [visit for visit in visits if visit.slot.doctor is house.doctors[0] and visit.cal_status == "accepted"]
    held = [visit for visit in own if visit.slot.end + COMPLETED_AFTER < at and not visit.no_show]
    coming = [visit for visit in own if visit.slot.start > at + dt.timedelta(hours=1)]
    for visit in [*held[:: max(1, len(held) // STAR_VISITS)][:STAR_VISITS], *coming[:1]]:
        visit.booked_at = max(visit.booked_at, house.star.user.created_at)
        visit.person, visit.phone, visit.match = house.star, house.star.phone, "reference"


def _give_patients(visits: list[Visit], rng: random.Random, *, at: dt.datetime) -> None:
    """Every visit a patient or a guest; nobody is in two places, or holds more open visits than allowed."""
    guests = full_names(random.Random("wardbook demo guests"))
    busy: dict[object, list[Slot]] = {}
    is_open = {id(visit): visit.slot.end > at and not visit.is_cancelled for visit in visits}
    for visit in visits:
        if visit.person:
            busy.setdefault(visit.person.id, []).append(visit.slot)
    for number, visit in enumerate(visits):
        if visit.person:
            continue
        person = next(
            (
                person
                for person in rng.sample(visit.slot.house.patients, 60)
                if _has_time(person, visit, busy.get(person.id, []), at=at, is_open=is_open[id(visit)])
            ),
            None,
        )
        chance = rng.random()
        if person is None or chance < 0.1:
            visit.guest_name, visit.phone = next(guests), GUEST_PHONE.format(100 + number % 100)
            continue
        busy.setdefault(person.id, []).append(visit.slot)
        visit.person, visit.phone = person, person.phone
        visit.match = "phone" if chance < 0.27 else "reference"
        if visit.match == "phone" and chance < 0.2:
            visit.confirmed_at = _between(visit.booked_at, min(visit.slot.end, at), rng)


def _has_time(person: Person, visit: Visit, taken: list[Slot], *, at: dt.datetime, is_open: bool) -> bool:
    if person.user.created_at > visit.booked_at:
        return False
    if is_open and sum(slot.end > at for slot in taken) >= OPEN_VISITS:
        return False
    return all(abs(slot.start - visit.slot.start) > dt.timedelta(hours=20) for slot in taken)


def _move_some(visits: list[Visit], slots: list[Slot], rng: random.Random, *, at: dt.datetime) -> None:
    """Some visits were at another time of the same doctor before; a few have been moved twice."""
    by_doctor: dict[object, list[Slot]] = {}
    for slot in slots:
        by_doctor.setdefault(slot.doctor.id, []).append(slot)
    for visit in visits:
        if visit.is_cancelled or rng.random() > 0.08:
            continue
        until = min(visit.slot.start, at)
        moved_at = visit.booked_at
        for _ in range(2 if rng.random() < 0.2 else 1):
            moved_at = _between(moved_at, until, rng)
            others = [slot for slot in by_doctor[visit.slot.doctor.id] if slot is not visit.slot]
            visit.earlier.append((rng.choice(others), moved_at))


def _between(start: dt.datetime, end: dt.datetime, rng: random.Random) -> dt.datetime:
    return start + (end - start) * rng.uniform(0.05, 0.9)
