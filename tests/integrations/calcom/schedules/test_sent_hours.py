"""What is sent to Cal.com, read as its own code reads it, offers what is meant: the hours without the time off.

Two exceptions, both said beside the hours. Where all seven nights run through, Sunday ends at 23:58. And where the
clock changes, Cal.com's own code is off: on that date and the hour to either side of it, and for a time off that begins
or ends on the evening before (east of Greenwich the change is looked up too early).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest

from dev.simulators.calcom.calendar import without
from dev.simulators.calcom.hours import Span, joined, open_spans, schedule_from
from hospitals.hours.open_hours import Period, WeeklyWindow, nights_through, opening_hours
from hospitals.hours.windows import Window, overlapping_pairs
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.schedules.plan import schedule_hash, shape_of, wanted_schedule

SCHEDULES = 300
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Auckland",
)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MIDNIGHT = dt.time(23, 59)
# A Thursday; the clock in Berlin changes on the 28th of March.
TODAY = dt.date(2027, 1, 7)
FRIDAY = dt.date(2027, 1, 8)
SATURDAY = FRIDAY + DAY


def window(day: int, opens: str, closes: str) -> WeeklyWindow:
    return day, dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)


FRIDAY_NIGHT = [window(5, "20:00", "23:59"), window(6, "00:00", "06:00")]
ROUND_THE_CLOCK = [window(day, "00:00", "23:59") for day in range(1, 8)]
EVERY_NIGHT = [one for day in range(1, 8) for one in (window(day, "00:00", "06:00"), window(day, "20:00", "23:59"))]


def at(day: dt.date, text: str = "00:00", zone: ZoneInfo = BERLIN) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(text), zone).astimezone(dt.UTC)


def whole_days(first: dt.date, last: dt.date, zone: ZoneInfo = BERLIN) -> Span:
    return Span(at(first, zone=zone), at(last + DAY, zone=zone))


def offered(sent: ScheduleInput, asked: Span, shuffle: random.Random | None = None) -> list[Span]:
    availability = [one.model_dump(by_alias=True) for one in sent.availability]
    overrides = [one.model_dump(by_alias=True) for one in sent.overrides]
    if shuffle:
        # In what order Cal.com reads its rows is its database's affair.
        shuffle.shuffle(availability)
        shuffle.shuffle(overrides)
    return open_spans(schedule_from(sent.time_zone, availability, overrides), asked)


def meant(weekly: Iterable[WeeklyWindow], time_off: Iterable[Period], asked: Span, zone: ZoneInfo) -> list[Span]:
    windows = [Window(*one) for one in weekly]
    first, last = asked.start.astimezone(zone).date(), asked.end.astimezone(zone).date()
    days = (first + n * DAY for n in range((last - first).days + 1))
    hours = [Span(*period) for day in days for period in opening_hours(windows, day, zone)]
    left = without(joined(hours), [Span(*period) for period in time_off])
    return list(joined(one.within(asked) for one in left))


CASES: dict[str, tuple[list[WeeklyWindow], list[Period]]] = {
    "an hour of the night": (FRIDAY_NIGHT, [(at(SATURDAY, "02:00"), at(SATURDAY, "04:00"))]),
    "an hour of the evening before": (FRIDAY_NIGHT, [(at(FRIDAY, "20:00"), at(FRIDAY, "21:00"))]),
    "the second day": (FRIDAY_NIGHT, [(at(SATURDAY), at(SATURDAY + DAY))]),
    "the first day": (FRIDAY_NIGHT, [(at(FRIDAY), at(SATURDAY))]),
    "to midnight": (FRIDAY_NIGHT, [(at(FRIDAY, "22:00"), at(SATURDAY))]),
    "from midnight": (FRIDAY_NIGHT, [(at(SATURDAY), at(SATURDAY, "03:00"))]),
    "both days": (FRIDAY_NIGHT, [(at(FRIDAY), at(SATURDAY + DAY))]),
    "what follows the night on its second day": (
        [*FRIDAY_NIGHT, window(6, "08:00", "12:00")],
        [(at(SATURDAY, "08:00"), at(SATURDAY, "12:00"))],
    ),
    "an evening, and the next day closed": (
        [window(5, "20:00", "23:59"), window(6, "09:00", "12:00")],
        [(at(FRIDAY, "20:00"), at(FRIDAY, "21:00")), (at(SATURDAY), at(SATURDAY + DAY))],
    ),
    "one night of all": (EVERY_NIGHT, [(at(SATURDAY, "20:00"), at(SATURDAY + DAY, "06:00"))]),
    "an hour round the clock": (ROUND_THE_CLOCK, [(at(SATURDAY, "10:00"), at(SATURDAY, "11:00"))]),
    "a day round the clock": (ROUND_THE_CLOCK, [(at(SATURDAY), at(SATURDAY + DAY))]),
}


@pytest.mark.parametrize("first", [FRIDAY - DAY, FRIDAY, SATURDAY])
@pytest.mark.parametrize("case", CASES)
def test_what_is_sent_offers_what_is_meant(case: str, first: dt.date) -> None:
    weekly, time_off = CASES[case]
    sent = wanted_schedule(weekly, time_off, zone=BERLIN, today=TODAY)
    # Up to the Sunday, whose last two minutes are cut where all nights run through.
    asked = Span(at(first), at(FRIDAY + 2 * DAY, "23:58"))
    assert offered(sent, asked) == meant(weekly, time_off, asked, BERLIN)


def test_time_off_holds_where_the_clock_goes_forward() -> None:
    """Cal.com begins the early hours of that date at 23:00 of the evening before: they belong to another date."""
    saturday, sunday = dt.date(2027, 3, 27), dt.date(2027, 3, 28)
    weekly = [window(6, "09:00", "12:00"), window(7, "00:00", "06:00")]
    asked = whole_days(saturday, sunday)
    late = Span(at(saturday, "23:00"), at(sunday, "06:00"))
    open_then = offered(wanted_schedule(weekly, [], zone=BERLIN, today=TODAY), asked)
    assert [one.start for one in open_then] == [at(saturday, "09:00"), late.start]
    sent = wanted_schedule(weekly, [(at(sunday), at(sunday + DAY))], zone=BERLIN, today=TODAY)
    assert offered(sent, asked) == [Span(at(saturday, "09:00"), at(saturday, "12:00"))]


def test_nights_lose_nothing() -> None:
    """Only those who work round every midnight of the week lose the last minutes of one."""
    assert {one.end_time for one in wanted_schedule(FRIDAY_NIGHT, [], zone=BERLIN, today=TODAY).availability} == {
        "23:59",
        "06:00",
    }
    ends = [one.end_time for one in wanted_schedule(ROUND_THE_CLOCK, [], zone=BERLIN, today=TODAY).availability]
    assert ends == ["23:59"] * 6 + ["23:58"]
    one_free_night = [one for one in EVERY_NIGHT if one != window(3, "20:00", "23:59")]
    ends = [one.end_time for one in wanted_schedule(one_free_night, [], zone=BERLIN, today=TODAY).availability]
    assert sorted(set(ends)) == ["06:00", "23:59"]


def test_dates_are_said_only_with_time_off_and_what_a_night_joins_to_it() -> None:
    weekly = [*FRIDAY_NIGHT, window(1, "09:00", "12:00")]
    assert wanted_schedule(weekly, [], zone=BERLIN, today=TODAY).overrides == []
    sent = wanted_schedule(weekly, [(at(SATURDAY), at(SATURDAY, "03:00"))], zone=BERLIN, today=TODAY)
    assert [(one.date, one.start_time, one.end_time) for one in sent.overrides] == [
        ("2027-01-08", "20:00", "23:59"),
        ("2027-01-09", "03:00", "06:00"),
    ]
    # Time off where nothing is open needs no word.
    closed = wanted_schedule(weekly, [(at(SATURDAY, "06:00"), at(SATURDAY + DAY))], zone=BERLIN, today=TODAY)
    assert closed.overrides == []


def test_what_keeps_a_date_apart_is_no_difference() -> None:
    """A date's hours and its entry without length are the date's hours, in what is shown and compared."""
    time_off = [(at(SATURDAY, "04:00"), at(SATURDAY, "06:00"))]
    sent = wanted_schedule(FRIDAY_NIGHT, time_off, zone=BERLIN, today=TODAY)
    assert [(one.date, one.start_time, one.end_time) for one in sent.overrides][1:] == [
        ("2027-01-09", "00:00", "04:00"),
        ("2027-01-09", "12:00", "12:00"),
    ]
    assert shape_of(sent).dates == {"2027-01-08": (("20:00", "23:59"),), "2027-01-09": (("00:00", "04:00"),)}
    again = wanted_schedule(reversed(FRIDAY_NIGHT), time_off, zone=BERLIN, today=TODAY)
    assert schedule_hash(again) == schedule_hash(sent)


def some_week(by_chance: random.Random) -> list[WeeklyWindow]:
    style = by_chance.choice(["days", "nights", "every night", "round the clock", "mixed"])
    if style == "every night":
        return EVERY_NIGHT
    if style == "round the clock":
        return ROUND_THE_CLOCK
    found: list[WeeklyWindow] = []
    for day in range(1, 8):
        edges = sorted(by_chance.sample(range(97), 2 * by_chance.randint(0, 3)))
        found += [(day, _quarter(a), _quarter(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        if style != "days" and by_chance.random() < 0.5:
            found += [(day, dt.time(21), MIDNIGHT), (day % 7 + 1, dt.time(0), dt.time(6))]
    kept: list[WeeklyWindow] = []
    for one in found:
        if not list(overlapping_pairs([Window(*each) for each in (*kept, one)])):
            kept.append(one)
    return kept


def _quarter(number: int) -> dt.time:
    return MIDNIGHT if number == 96 else dt.time(number // 4, number % 4 * 15)


def some_time_off(by_chance: random.Random, today: dt.date, zone: ZoneInfo) -> list[Period]:
    found = []
    for _ in range(by_chance.randint(0, 6)):
        start = at(today + by_chance.randint(-2, 12) * DAY, f"{by_chance.choice([0, 0, 2, 8, 20, 22]):02}:00", zone)
        lasts = by_chance.choice([by_chance.randint(1, 12) * HOUR, DAY, by_chance.randint(1, 4) * DAY])
        found.append((start, start + lasts))
    return found


def is_excepted(span: Span, zone: ZoneInfo, *, is_cut: bool) -> bool:
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    if (
        is_cut
        and start.isoweekday() == 7
        and start.time() >= dt.time(23, 58)
        and end - start <= dt.timedelta(minutes=2)
    ):
        return True
    days = (start.date() + n * DAY for n in (-1, 0, 1))
    return any(
        at(day, "12:00", zone) - DAY <= span.start and span.end <= at(day + DAY, "01:00", zone)
        for day in days
        if changes_on(day, zone)
    )


def changes_on(day: dt.date, zone: ZoneInfo) -> bool:
    midnights = (dt.datetime.combine(one, dt.time(), zone) for one in (day, day + DAY))
    return len({one.utcoffset() for one in midnights}) == 2


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_hours_and_time_off(seed: int) -> None:
    by_chance = random.Random(seed)
    zone = ZoneInfo(by_chance.choice(ZONES))
    today = dt.date(2027, 1, 1) + by_chance.randint(0, 400) * DAY
    weekly, time_off = some_week(by_chance), some_time_off(by_chance, today, zone)
    sent = wanted_schedule(weekly, time_off, zone=zone, today=today)
    for shuffle in (None, by_chance):
        first = today + by_chance.randint(0, 8) * DAY
        asked = whole_days(first, first + by_chance.randint(0, 8) * DAY, zone)
        there, here = offered(sent, asked, shuffle), meant(weekly, time_off, asked, zone)
        differing = [*without(there, here), *without(here, there)]
        is_cut = len(nights_through(weekly)) == 7
        assert [one for one in differing if not is_excepted(one, zone, is_cut=is_cut)] == []
