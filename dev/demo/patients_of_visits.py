"""Who has the planned visits, and why they come: patients for whom the doctor is right, and some guests."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from itertools import cycle

from dev.demo.complaints import Complaint, complaints_of
from dev.demo.names import NEW_YORK, VIENNA, full_names
from dev.demo.people import (
    AUSTRIAN_GUEST_BLOCK,
    TRAVELLERS,
    US_GUEST_AREA_CODES,
    House,
    Person,
    american_phones,
    austrian_phones,
)
from dev.demo.visits import Visit, between

# A patient may hold this many open visits; one less here, so that the demo's patients can book another.
OPEN_VISITS = 2
MOST_VISITS = 5
BETWEEN_VISITS = dt.timedelta(days=5)
TRIES = 15
GUESTS, MATCHED_BY_PHONE, CONFIRMED = 0.07, 0.08, 0.75
RETURNS_FOR_THE_SAME = 0.6
LEFT_UNCONFIRMED, UNCONFIRMED_SINCE = 2, dt.timedelta(hours=46)
# What the patient whose number is shown came for, and at least how many days ago.
STAR_CAME = ((50, "Blood pressure check"), (34, "Blood test results"), (20, "Back pain"), (5, "Repeat prescription"))
STAR_COMES_FOR = "To discuss my cholesterol"
# Who booked as a guest and signed up afterwards, in each hospital: the last of its own patients.
NEWCOMERS = 3


class Giver:
    """`held` is what each patient has, of both hospitals; `taken` the names that are somebody's."""

    def __init__(
        self,
        house: House,
        visits: list[Visit],
        *,
        at: dt.datetime,
        held: dict[object, list[Visit]],
        taken: set[str],
    ) -> None:
        self._rng = random.Random(f"wardbook demo patients of {house.hospital.name}")
        self._house, self._at = house, at
        self._visits = [visit for visit in visits if visit.slot.house is house]
        # The last are known in the other hospital too.
        last = len(house.patients) - TRAVELLERS // 2
        self.newcomers = house.patients[last - NEWCOMERS : last]
        others = [one for one in house.patients[1:] if one not in self.newcomers]
        self._choice = {doctor.id: _suited(others, doctor.specialty) for doctor in house.doctors}
        self._held = held
        self._came_for: dict[object, Complaint] = {}
        is_vienna = house.zone.key == "Europe/Vienna"
        self._guests = full_names(VIENNA if is_vienna else NEW_YORK, self._rng, taken=taken)
        numbers = austrian_phones(AUSTRIAN_GUEST_BLOCK) if is_vienna else american_phones(US_GUEST_AREA_CODES)
        self._guest_phones = cycle(list(numbers)[:500])

    def give(self) -> None:
        self._give_star()
        self._give_newcomers()
        for visit in self._visits:
            if not visit.phone:
                self._give(visit)
        self._leave_unconfirmed()

    def _give(self, visit: Visit) -> None:
        person = None if self._rng.random() < GUESTS else self._somebody(visit)
        if person is None:
            visit.guest_name, visit.phone = next(self._guests)[0], next(self._guest_phones)
            return
        self._book(visit, person, self._reason(visit, person))
        if self._rng.random() < MATCHED_BY_PHONE:
            visit.match = "phone"
            if visit.slot.start < self._at and self._rng.random() < CONFIRMED:
                visit.confirmed_at = between(visit.slot.start, min(visit.slot.end, self._at), self._rng)

    def _leave_unconfirmed(self) -> None:
        """Of the last visits, some whose patient is known by the number alone, whenever one looks."""
        since = self._at - UNCONFIRMED_SINCE
        lately = [one for one in self._visits if one.person and since < one.slot.start < self._at and not one.no_show]
        others = [one for one in lately if not one.is_cancelled and one.person is not self._house.star]
        for visit in others[:LEFT_UNCONFIRMED]:
            visit.match, visit.confirmed_at = "phone", None

    def _book(self, visit: Visit, person: Person, complaint: Complaint | None) -> None:
        visit.person, visit.phone, visit.match, visit.complaint = person, person.phone, "reference", complaint
        self._held.setdefault(person.id, []).append(visit)

    def _somebody(self, visit: Visit) -> Person | None:
        choice = self._choice[visit.slot.doctor.id]
        picked = (self._rng.choice(choice) for _ in range(TRIES))
        return next((person for person in picked if self._has_time(person, visit)), None)

    def _has_time(self, person: Person, visit: Visit) -> bool:
        held = self._held.get(person.id, [])
        if person.user.created_at > visit.booked_at or len(held) >= MOST_VISITS:
            return False
        if visit.is_open(self._at) and sum(one.is_open(self._at) for one in held) >= OPEN_VISITS:
            return False
        return all(abs(one.slot.start - visit.slot.start) > BETWEEN_VISITS for one in held)

    def _reason(self, visit: Visit, person: Person) -> Complaint:
        key = (person.id, visit.slot.doctor.id)
        before = self._came_for.get(key)
        if before is None or self._rng.random() > RETURNS_FOR_THE_SAME:
            before = self._rng.choice(complaints_of(visit.slot.doctor.specialty, person.sex, person.age))
        self._came_for[key] = before
        return before

    def _give_star(self) -> None:
        """The shown patient with the shown doctor: some visits behind, one coming."""
        house = self._house
        own = [one for one in self._visits if one.slot.doctor is house.doctors[0] and one.cal_status == "accepted"]
        reasons = {one.reason: one for one in complaints_of(house.doctors[0].specialty, house.star.sex, house.star.age)}
        for days, reason in STAR_CAME:
            until = self._at - dt.timedelta(days=days)
            self._book_star(
                next(one for one in reversed(own) if one.completed_at and one.slot.end < until), reasons[reason]
            )
        # The first one ahead has another beside it.
        for visit in [one for one in own if one.slot.start > self._at + dt.timedelta(hours=1)][2:3]:
            self._book_star(visit, reasons[STAR_COMES_FOR])

    def _book_star(self, visit: Visit, complaint: Complaint) -> None:
        visit.booked_at = max(visit.booked_at, self._house.star.user.created_at)
        self._book(visit, self._house.star, complaint)

    def _give_newcomers(self) -> None:
        """They booked as guests, and signed up with the same number the day before."""
        ahead = [one for one in self._visits if one.is_open(self._at) and one.slot.start > self._at and not one.phone]
        for visit, person in zip(self._spread(ahead), self.newcomers, strict=False):
            person.user.created_at = self._at - dt.timedelta(hours=self._rng.randint(3, 20))
            visit.booked_at = min(visit.booked_at, person.user.created_at - dt.timedelta(hours=5))
            visit.earlier = []
            visit.guest_name, visit.phone = person.name, person.phone

    def _spread(self, ahead: list[Visit]) -> Iterator[Visit]:
        week = [one for one in ahead if one.slot.start < self._at + dt.timedelta(days=7)]
        yield from week[1 :: max(1, len(week) // NEWCOMERS)]


def _suited(patients: list[Person], specialty: str) -> list[Person]:
    return [person for person in patients if complaints_of(specialty, person.sex, person.age)]


def give_visits(houses: list[House], visits: list[Visit], *, at: dt.datetime) -> None:
    """Every visit a patient or a guest; nobody is in two places, or holds more open visits than allowed."""
    taken = {person.name for house in houses for person in house.patients}
    held: dict[object, list[Visit]] = {}
    for house in houses:
        Giver(house, visits, at=at, held=held, taken=taken).give()
