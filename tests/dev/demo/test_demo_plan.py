"""What the demo is to consist of, before any row is stored."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from core.phone_numbers import is_valid_phone
from dev.demo.people import People
from dev.demo.visits import OPEN_VISITS, STAR_VISITS, Visit, plan_visits
from integrations.calcom.facts.people import e164_digits

MOMENTS = [
    dt.datetime(2026, 11, 22, 1, 15, tzinfo=dt.UTC),  # a Sunday night
    dt.datetime(2026, 11, 18, 11, 0, tzinfo=dt.UTC),  # a Wednesday noon
    dt.datetime(2026, 3, 29, 21, 40, tzinfo=dt.UTC),  # Vienna's clocks went forward in the morning
    dt.datetime(2026, 11, 1, 16, 0, tzinfo=dt.UTC),  # New York's went back
]


@pytest.fixture(params=MOMENTS, ids=str)
def at(request: pytest.FixtureRequest) -> dt.datetime:
    moment: dt.datetime = request.param
    return moment


@pytest.fixture
def people(at: dt.datetime) -> People:
    return People(at=at, password="unused")


@pytest.fixture
def visits(people: People, at: dt.datetime) -> list[Visit]:
    return plan_visits(people.houses, at=at)


def test_there_are_as_many_people_as_promised(people: People) -> None:
    assert [(len(h.doctors), len(h.pharmacists), len(h.admins)) for h in people.houses] == [(6, 2, 1)] * 2
    assert len(people.patients) == 200
    assert len({person.name for person in people.patients}) == 200
    assert len({person.phone for person in people.patients}) == 200
    assert all(e164_digits(f"+{person.phone}") == person.phone for person in people.patients)
    # Cal.com books for no other.
    assert all(is_valid_phone(person.phone) for person in people.patients)


def test_no_doctor_has_two_visits_at_once_and_all_are_within_hours(visits: list[Visit]) -> None:
    by_doctor = defaultdict(list)
    for visit in visits:
        by_doctor[visit.slot.doctor.id].append(visit.slot)
        zone = visit.slot.house.zone
        day = visit.slot.start.astimezone(zone).date()
        assert any(
            visit.slot.start >= dt.datetime.combine(day, window.start, zone)
            and visit.slot.end <= dt.datetime.combine(day, window.end, zone) + dt.timedelta(minutes=1)
            for window in visit.slot.doctor.windows
            if window.day == day.isoweekday()
        )
    assert len(visits) == 2000
    for slots in by_doctor.values():
        assert all(before.end <= after.start for before, after in pairwise(slots))


def test_the_shown_doctors_day_is_full_whenever_one_looks(visits: list[Visit], at: dt.datetime) -> None:
    for house in {id(visit.slot.house): visit.slot.house for visit in visits}.values():
        today = at.astimezone(house.zone).date()
        counted = Counter(
            visit.slot.doctor.id
            for visit in visits
            if visit.slot.start.astimezone(visit.slot.house.zone).date() == today
        )
        assert counted[house.doctors[0].id] >= 20
        assert all(counted[doctor.id] >= 8 for doctor in house.doctors)


def test_nothing_that_became_of_a_visit_lies_in_the_future(visits: list[Visit], at: dt.datetime) -> None:
    for visit in visits:
        moments = [visit.booked_at, visit.cancelled_at, visit.completed_at, visit.confirmed_at]
        moments += [moved_at for _, moved_at in visit.earlier]
        assert all(moment <= at for moment in moments if moment)
        if visit.slot.start > at:
            assert not visit.no_show
            assert visit.completed_at is None


def test_patients_can_still_book(visits: list[Visit], people: People, at: dt.datetime) -> None:
    still_open = Counter(
        visit.person.id for visit in visits if visit.person and visit.slot.end > at and not visit.is_cancelled
    )
    assert max(still_open.values()) == OPEN_VISITS
    for house in people.houses:
        with_first_doctor = [
            visit
            for visit in visits
            if visit.person is house.star and visit.slot.doctor is house.doctors[0] and visit.match == "reference"
        ]
        assert len(with_first_doctor) > STAR_VISITS
