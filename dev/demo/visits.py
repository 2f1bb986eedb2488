"""Which visits there are around the demo's day: whose, when, and what became of them. No rows yet."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dev.demo.absences import EMERGENCIES, WEEKS_AHEAD, WEEKS_BACK, Absence
from dev.demo.complaints import Complaint
from dev.demo.holidays import holiday
from dev.demo.hours import bookable_times, bounds_of_day
from dev.demo.people import House, Member, Person

# Of a day's appointments, how many are booked so many days before.
BOOKED_TOMORROW, FEWER_A_DAY, BOOKED_FAR_AHEAD = 0.92, 0.03, 0.1
# A booked visit counts as over this long after its end, whoever forgot to say so.
COMPLETED_AFTER = dt.timedelta(hours=12)
CANCELLED, CANCELLED_AHEAD, MISSED, UNCONFIRMED_AHEAD = 0.09, 0.05, 0.05, 0.03
# A doctor marks most visits as they end, the rest later or never.
MARKED = 0.93
MOVED, MOVED_TWICE = 0.07, 0.2
REASONS = (
    "I feel better now",
    "Cannot get away from work",
    "My child is ill",
    "I am travelling that week",
    "Booked twice by mistake",
    "Found an earlier appointment",
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
    complaint: Complaint | None = None
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

    def is_open(self, at: dt.datetime) -> bool:
        return self.slot.end > at and not self.is_cancelled


def plan_visits(houses: list[House], absences: list[Absence], *, at: dt.datetime) -> list[Visit]:
    """Ordered by start. Nobody has them yet."""
    rng = random.Random("wardbook demo visits")
    slots = [slot for house in houses for slot in _taken(house, absences, rng, at=at)]
    visits = [_visit(slot, rng, at=at) for slot in sorted(slots, key=lambda slot: (slot.start, slot.doctor.id))]
    _move_some(visits, rng, at=at)
    visits += list(_overlaps(houses, visits, at=at))
    return sorted(visits, key=lambda visit: (visit.slot.start, visit.slot.doctor.id))


def _taken(house: House, absences: list[Absence], rng: random.Random, *, at: dt.datetime) -> Iterator[Slot]:
    """The slots that are booked: a day like other days, the future thinning out."""
    today = at.astimezone(house.zone).date()
    for doctor in house.doctors:
        away = [(one.start, one.end) for one in absences if one.doctor is doctor and not one.came_late]
        for days in range(-WEEKS_BACK * 7, WEEKS_AHEAD * 7 + 1):
            day = today + dt.timedelta(days=days)
            if holiday(day, house.zone.key) and doctor.specialty not in EMERGENCIES:
                continue
            times = [
                (start, end)
                for start, end in bookable_times(doctor.windows, day, zone=house.zone, length=house.visit_length)
                if not any(start < until and since < end for since, until in away)
            ]
            wanted = rng.randint(*bounds_of_day(doctor.windows, day))
            share = 1.0 if days <= 0 else max(BOOKED_FAR_AHEAD, BOOKED_TOMORROW - FEWER_A_DAY * days)
            chosen = rng.sample(times, min(len(times), round(wanted * share)))
            now = [one for one in times if one[0] <= at < one[1] and doctor is house.doctors[0]]
            for start, end in sorted({*chosen, *now}):
                yield Slot(house, doctor, start, end)


def _visit(slot: Slot, rng: random.Random, *, at: dt.datetime) -> Visit:
    latest = min(slot.start - dt.timedelta(hours=2), at - dt.timedelta(minutes=10))
    visit = Visit(slot, latest - dt.timedelta(minutes=rng.expovariate(1 / (9 * 24 * 60))))
    is_over = slot.end < at
    chance = rng.random()
    if chance < (CANCELLED if is_over else CANCELLED_AHEAD):
        _cancel(visit, rng, at=at)
    elif is_over:
        visit.no_show = rng.random() < MISSED
        marked_at = slot.end + dt.timedelta(minutes=rng.randint(-4, 25))
        if not visit.no_show and rng.random() < MARKED and marked_at < at:
            visit.completed_at = marked_at
    elif slot.start > at + dt.timedelta(days=1) and rng.random() < UNCONFIRMED_AHEAD:
        visit.cal_status = "pending"
    return visit


def _cancel(visit: Visit, rng: random.Random, *, at: dt.datetime) -> None:
    by_host = rng.random() < 0.12
    visit.cal_status = "rejected" if by_host and visit.slot.start > at else "cancelled"
    visit.ended_by = "The doctor is away that day" if by_host else rng.choice(REASONS)
    visit.cancelled_at = between(visit.booked_at, min(visit.slot.start, at), rng)


def _move_some(visits: list[Visit], rng: random.Random, *, at: dt.datetime) -> None:
    """Some visits were at another time of the same doctor before; a few have been moved twice."""
    by_doctor: dict[object, list[Slot]] = {}
    for visit in visits:
        by_doctor.setdefault(visit.slot.doctor.id, []).append(visit.slot)
    for visit in visits:
        if visit.is_cancelled or rng.random() > MOVED:
            continue
        until = min(visit.slot.start, at)
        moved_at = visit.booked_at
        for _ in range(2 if rng.random() < MOVED_TWICE else 1):
            moved_at = between(moved_at, until, rng)
            others = [slot for slot in by_doctor[visit.slot.doctor.id] if slot is not visit.slot]
            visit.earlier.append((rng.choice(others), moved_at))


def _overlaps(houses: Iterable[House], visits: list[Visit], *, at: dt.datetime) -> Iterator[Visit]:
    """Booked in Cal.com by hand beside another: with the shown doctor today or next, and with a colleague."""
    for house in houses:
        for doctor in (house.doctors[0], house.doctors[3]):
            ahead = [one for one in visits if one.slot.doctor is doctor and one.slot.start > at]
            beside = next((one for one in ahead if one.cal_status == "accepted"), None)
            if beside:
                half = house.visit_length / 2
                slot = Slot(house, doctor, beside.slot.start + half, beside.slot.end)
                yield Visit(slot, min(beside.booked_at + half, at - half))


def between(start: dt.datetime, end: dt.datetime, rng: random.Random) -> dt.datetime:
    return start + (end - start) * rng.uniform(0.05, 0.9)
