"""What the demo is to consist of, before any row is stored."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import chain, pairwise

import phonenumbers
import pytest
from phonenumbers import carrier

from core.phone_numbers import is_valid_phone
from dev.demo import prescriptions, talks
from dev.demo.absences import EMERGENCIES, absences_of
from dev.demo.bookings import Builder
from dev.demo.complaints import BY_SPECIALTY, complaints_of
from dev.demo.holidays import easter_sunday, holiday
from dev.demo.hours import BUSY, QUIET
from dev.demo.medicines import MEDICINES
from dev.demo.patients_of_visits import NEWCOMERS, OPEN_VISITS, STAR_CAME, give_visits
from dev.demo.people import EMAIL_DOMAIN, House, People, local_part
from dev.demo.visits import Visit, plan_visits
from integrations.calcom.facts.people import e164_digits

WEDNESDAY_NOON = dt.datetime(2026, 11, 18, 11, 0, tzinfo=dt.UTC)
MOMENTS = [
    dt.datetime(2026, 11, 22, 1, 15, tzinfo=dt.UTC),  # a Sunday night
    WEDNESDAY_NOON,
    dt.datetime(2026, 3, 29, 21, 40, tzinfo=dt.UTC),  # Vienna's clocks went forward in the morning
    dt.datetime(2026, 11, 1, 16, 0, tzinfo=dt.UTC),  # New York's went back
    dt.datetime(2026, 12, 25, 9, 0, tzinfo=dt.UTC),  # a holiday in both
]
A_DAY = dt.timedelta(days=1)


@pytest.fixture(params=MOMENTS, ids=str, scope="module")
def at(request: pytest.FixtureRequest) -> dt.datetime:
    moment: dt.datetime = request.param
    return moment


@pytest.fixture(scope="module")
def people(at: dt.datetime) -> People:
    return People(at=at, password="unused")


@pytest.fixture(scope="module")
def visits(people: People, at: dt.datetime) -> list[Visit]:
    return planned(people, at)


def planned(people: People, at: dt.datetime) -> list[Visit]:
    absences = [absence for house in people.houses for absence in absences_of(house, at=at)]
    visits = plan_visits(people.houses, absences, at=at)
    give_visits(people.houses, visits, at=at)
    return visits


def by_day(house: House, visits: list[Visit], *, clinics_only: bool = False) -> Counter[dt.date]:
    return Counter(
        visit.slot.start.astimezone(house.zone).date()
        for visit in visits
        if visit.slot.house is house and not (clinics_only and visit.slot.doctor.specialty in EMERGENCIES)
    )


def test_there_are_as_many_people_as_promised(people: People) -> None:
    assert [(len(h.doctors), len(h.pharmacists), len(h.admins)) for h in people.houses] == [(6, 2, 2)] * 2
    assert len(people.patients) == 2000
    assert len({person.name for person in people.patients}) == 2000
    assert len({person.phone for person in people.patients}) == 2000


def test_no_number_can_be_anybodys(people: People, visits: list[Visit]) -> None:
    """New York's are of the range kept for fiction, Vienna's of a block that no carrier holds."""
    for phone in {person.phone for person in people.patients} | {visit.phone for visit in visits}:
        assert e164_digits(f"+{phone}") == phone
        # Cal.com books for no other.
        assert is_valid_phone(phone)
        number = phonenumbers.parse(f"+{phone}")
        if phone.startswith("1"):
            assert (phone[4:7], phone[7:9]) == ("555", "01")
        else:
            assert phone.startswith("43652")
            assert len(phone) == len("43652") + 7
            assert carrier.name_for_number(number, "en") == ""


def test_names_are_written_as_their_owners_write_them(people: People) -> None:
    vienna, new_york = (" ".join(person.name for person in house.patients) for house in people.houses)
    assert all(mark in vienna for mark in ("ö", "ü", "ß", "-", "ş", "đ", "ễ", "ć", "王", "محمد"))
    assert all(mark in new_york for mark in ("'", "ñ", "-", "ğ", "ễ", "黃", "يوسف"))


def test_emails_are_of_the_example_domain_and_plain(people: People) -> None:
    emails = [member.user.email for house in people.houses for member in house.staff]
    assert len(set(emails)) == len(emails) == 20
    assert all(email and email.isascii() and email.endswith(f"@{EMAIL_DOMAIN}") for email in emails)
    assert local_part("Dr. Ayşe Öztürk") == "ayse.oeztuerk"
    assert local_part("Dr. Huỳnh Minh Châu") == "huynh.minh.chau"
    assert local_part("Maureen O'Sullivan") == "maureen.osullivan"


def test_visits_are_within_hours_and_two_of_a_house_overlap_others(visits: list[Visit], people: People) -> None:
    by_doctor = defaultdict(list)
    for visit in visits:
        by_doctor[visit.slot.doctor.id].append(visit.slot)
    overlaps = Counter(
        before.house.hospital.name
        for slots in by_doctor.values()
        for before, after in pairwise(slots)
        if before.end > after.start
    )
    assert overlaps == {house.hospital.name: 2 for house in people.houses}
    for visit in visits:
        zone = visit.slot.house.zone
        day = visit.slot.start.astimezone(zone).date()
        assert any(
            visit.slot.start >= dt.datetime.combine(day, window.start, zone)
            and visit.slot.end <= dt.datetime.combine(day, window.end, zone) + dt.timedelta(minutes=1)
            for window in visit.slot.doctor.windows
            if window.day == day.isoweekday()
        )


def test_a_doctor_has_eight_to_eighteen_visits_a_day_and_few_at_weekends(visits: list[Visit], at: dt.datetime) -> None:
    days: Counter[tuple[object, dt.date]] = Counter()
    quiet: Counter[tuple[object, dt.date]] = Counter()
    for visit in visits:
        day = visit.slot.start.astimezone(visit.slot.house.zone).date()
        if day > at.astimezone(visit.slot.house.zone).date():
            continue
        is_quiet = day.isoweekday() > 5 or visit.slot.doctor.specialty in EMERGENCIES
        (quiet if is_quiet else days)[visit.slot.doctor.id, day] += 1
    # One more where two overlap, or where the shown doctor is at work right now.
    assert min(days.values()) >= min(BUSY) - 1
    assert max(days.values()) <= max(BUSY) + 1
    assert min(quiet.values()) >= min(QUIET)
    assert max(quiet.values()) <= max(QUIET) + 1


def test_today_is_a_day_like_others() -> None:
    people = People(at=WEDNESDAY_NOON, password="unused")
    visits = planned(people, WEDNESDAY_NOON)
    for house in people.houses:
        counted = by_day(house, visits)
        today = WEDNESDAY_NOON.astimezone(house.zone).date()
        same_weekday = [counted[today - 7 * weeks * A_DAY] for weeks in range(1, 8)]
        assert min(same_weekday) * 0.8 <= counted[today] <= max(same_weekday) * 1.2


def test_the_clinics_are_closed_on_holidays_and_nights_are_not_booked() -> None:
    at = dt.datetime(2026, 12, 10, 9, 0, tzinfo=dt.UTC)
    people = People(at=at, password="unused")
    visits = planned(people, at)
    for house in people.houses:
        clinics = by_day(house, visits, clinics_only=True)
        closed = [day for days in range(-56, 36) if holiday(day := at.date() + days * A_DAY, house.zone.key)]
        assert {dt.date(2026, 12, 24), dt.date(2026, 12, 25), dt.date(2027, 1, 1)} <= set(closed)
        assert [clinics[day] for day in closed] == [0] * len(closed)
    hours = {visit.slot.start.astimezone(visit.slot.house.zone).hour for visit in visits}
    assert hours == set(range(8, 22))


@pytest.mark.parametrize(
    ("year", "day"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))]
)
def test_easter_is_on_its_day(year: int, day: tuple[int, int]) -> None:
    assert easter_sunday(year) == dt.date(year, *day)


@pytest.mark.parametrize(
    ("day", "zone", "name"),
    [
        (dt.date(2026, 11, 26), "America/New_York", "Thanksgiving"),
        (dt.date(2026, 5, 25), "America/New_York", "Memorial Day"),
        (dt.date(2026, 12, 8), "America/New_York", None),
        (dt.date(2026, 12, 8), "Europe/Vienna", "Immaculate Conception"),
        (dt.date(2026, 5, 25), "Europe/Vienna", "Whit Monday"),
        (dt.date(2026, 11, 26), "Europe/Vienna", None),
    ],
)
def test_each_country_has_its_own_holidays(day: dt.date, zone: str, name: str | None) -> None:
    assert holiday(day, zone) == name


def test_nothing_that_became_of_a_visit_lies_in_the_future(visits: list[Visit], at: dt.datetime) -> None:
    for visit in visits:
        moments = [visit.booked_at, visit.cancelled_at, visit.completed_at, visit.confirmed_at]
        moments += [moved_at for _, moved_at in visit.earlier]
        assert all(moment <= at for moment in moments if moment)
        if visit.slot.start > at:
            assert not visit.no_show
            assert visit.completed_at is None


def test_patients_can_still_book(visits: list[Visit], people: People, at: dt.datetime) -> None:
    still_open = Counter(visit.person.id for visit in visits if visit.person and visit.is_open(at))
    assert max(still_open.values()) <= OPEN_VISITS
    for house in people.houses:
        stars = [visit for visit in visits if visit.person is house.star]
        assert {visit.slot.doctor.id for visit in stars} == {house.doctors[0].id}
        assert [visit.slot.end < at for visit in stars] == [True] * len(STAR_CAME) + [False]


def test_guests_to_link_have_the_number_of_who_signed_up_afterwards(
    visits: list[Visit], people: People, at: dt.datetime
) -> None:
    owners = {person.phone: person for person in people.patients}
    to_link = [visit for visit in visits if visit.match == "none" and visit.phone in owners]
    assert Counter(visit.slot.house.hospital.name for visit in to_link) == {
        house.hospital.name: NEWCOMERS for house in people.houses
    }
    assert all(owners[visit.phone].user.created_at > visit.booked_at and visit.slot.start > at for visit in to_link)


def test_some_of_the_last_days_are_known_by_their_number_alone(
    visits: list[Visit], people: People, at: dt.datetime
) -> None:
    unconfirmed = Counter(
        visit.slot.house.hospital.name
        for visit in visits
        if visit.match == "phone" and visit.confirmed_at is None and at - 2 * A_DAY < visit.slot.start < at
        if not (visit.is_cancelled or visit.no_show)
    )
    assert all(unconfirmed[house.hospital.name] >= 2 for house in people.houses)


def test_nobody_booked_before_having_an_account(visits: list[Visit]) -> None:
    assert all(visit.person.user.created_at <= visit.booked_at for visit in visits if visit.person)


def test_who_comes_has_the_age_and_sex_for_it(visits: list[Visit]) -> None:
    for visit in visits:
        if visit.person:
            fitting = complaints_of(visit.slot.doctor.specialty, visit.person.sex, visit.person.age)
            assert visit.complaint in fitting


def test_what_is_prescribed_suits_the_age(people: People, visits: list[Visit], at: dt.datetime) -> None:
    known = defaultdict(list)
    for medicine in chain.from_iterable(MEDICINES.values()):
        known[medicine.name, medicine.strength, medicine.dose].append(medicine)
    ages = {person.id: person.age for house in people.houses for person in house.patients}
    specialties = {doctor.id: doctor.specialty for house in people.houses for doctor in house.doctors}
    made = prescriptions.Builder(at=at).build(people.houses, visits)
    assert len(made.rows) > 900
    for row in made.rows:
        keys = {name for one in BY_SPECIALTY[specialties[row.doctor_id]] for name in one.treatments}
        names = {medicine.name for key in keys for medicine in MEDICINES[key]}
        for line in row.medications:
            assert line["name"] in names
            written = known[line["name"], line.get("strength", ""), line["dose"]]
            assert any(medicine.suits(ages[row.patient_id]) for medicine in written)


def test_prescriptions_spread_like_the_visits() -> None:
    people = People(at=WEDNESDAY_NOON, password="unused")
    made = prescriptions.Builder(at=WEDNESDAY_NOON).build(people.houses, planned(people, WEDNESDAY_NOON))
    written = Counter(row.created_at.date() for row in made.rows)
    workdays = [
        written[day]
        for days in range(1, 29)
        if (day := WEDNESDAY_NOON.date() - days * A_DAY).isoweekday() <= 5
        and not any(holiday(day, house.zone.key) for house in people.houses)
    ]
    assert min(workdays) >= 12
    assert max(workdays) <= 70
    assert written[WEDNESDAY_NOON.date()] <= max(workdays)


def test_talks_differ(people: People, visits: list[Visit], at: dt.datetime) -> None:
    booked = Builder(at=at, organizers={}).build(visits)
    made = talks.Builder(at=at).build(people.houses, visits, booked.appointments)
    assert len({row.transcript for row in made.rows}) >= 25
    assert len({row.summary for row in made.rows}) >= 25
    for house in people.houses:
        own = sorted((row for row in made.rows if row.hospital_id == house.hospital.pk), key=lambda row: row.start_time)
        assert at - own[-1].start_time < dt.timedelta(minutes=15)
        assert all(row.start_time < at for row in own)
