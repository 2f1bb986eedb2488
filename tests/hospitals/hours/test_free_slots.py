"""The grid of our own free times is Cal.com's, so that those stay good that were offered while it did not answer."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dev.simulators.calcom.calendar import starts_in, without
from dev.simulators.calcom.hours import Span
from hospitals.hours.free_slots import free_slots
from hospitals.hours.open_hours import Period, WeeklyWindow

VENDOR: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "calcom_slots.json").read_text())[
    "cases"
]
VIENNA = ZoneInfo("Europe/Vienna")
# A Monday in summer time, two hours ahead of UTC.
MONDAY = dt.date(2050, 9, 5)
NIGHT: list[WeeklyWindow] = [(1, dt.time(22, 10), dt.time(23, 59)), (2, dt.time(0), dt.time(6))]


def at(text: str, day: dt.date = MONDAY, zone: ZoneInfo = VIENNA) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(text), zone).astimezone(dt.UTC)


def starts(
    windows: list[WeeklyWindow], *, minutes: int = 30, busy: list[Period] | None = None, not_before: str = "00:00"
) -> list[str]:
    found = free_slots(
        windows,
        busy=busy or [],
        within=(at("00:00"), at("00:00") + dt.timedelta(days=2)),
        zone=VIENNA,
        length=dt.timedelta(minutes=minutes),
        not_before=at(not_before),
    )
    return [f"{start.astimezone(VIENNA):%H:%M}" for start, _end in found]


@pytest.mark.parametrize("case", VENDOR)
def test_the_grid_is_the_vendors(case: dict[str, Any]) -> None:
    zone, day = ZoneInfo(case["time_zone"]), dt.date(2027, 1, 11)
    found = free_slots(
        [(1, dt.time.fromisoformat(case["opens"]), dt.time.fromisoformat(case["closes"]))],
        busy=[],
        within=(at("00:00", day, zone), at("23:00", day, zone)),
        zone=zone,
        length=dt.timedelta(minutes=case["minutes"]),
        not_before=at(case.get("asked_from", "00:00"), day, zone),
    )
    assert [f"{start.astimezone(zone):%H:%M}" for start, _end in found] == case["with_showOptimizedSlots"]


def test_a_night_is_one_stretch() -> None:
    # 22:10 to 06:00 holds seven visits of an hour, with 50 minutes to spare for a rounder time.
    assert starts(NIGHT, minutes=60) == ["23:00", "00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]
    assert starts(NIGHT, minutes=94) == ["22:10", "23:44", "01:18", "02:52", "04:26"]


def test_each_stretch_between_visits_has_a_grid_of_its_own() -> None:
    morning: list[WeeklyWindow] = [(1, dt.time(9), dt.time(12))]
    assert starts(morning, busy=[(at("09:50"), at("10:20"))]) == ["09:00", "10:30", "11:00", "11:30"]
    assert starts(morning, minutes=50, busy=[(at("09:50"), at("10:20"))]) == ["09:00", "10:20", "11:10"]


def test_a_time_that_begins_before_a_booking_may_begin_is_not_offered() -> None:
    assert starts([(1, dt.time(9), dt.time(12))], not_before="10:01") == ["10:30", "11:00", "11:30"]


def test_any_grid_is_the_simulators() -> None:
    by_chance = random.Random(7)
    for _ in range(300):
        zone = ZoneInfo(by_chance.choice(["Europe/Vienna", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York"]))
        length = dt.timedelta(minutes=by_chance.randint(5, 90))
        opens, closes = sorted(by_chance.sample(range(0, 1439), 2))
        hours = dt.time(opens // 60, opens % 60), dt.time(closes // 60, closes % 60)
        busy = []
        for _ in range(by_chance.randint(0, 4)):
            begin = at("00:00", zone=zone) + dt.timedelta(minutes=by_chance.randint(0, 1400))
            busy.append((begin, begin + dt.timedelta(minutes=by_chance.randint(5, 120))))
        within = at("00:00", zone=zone), at("00:00", zone=zone) + dt.timedelta(days=1)
        earliest = within[0] + dt.timedelta(seconds=by_chance.randint(0, 40000))
        ours = free_slots([(1, *hours)], busy=busy, within=within, zone=zone, length=length, not_before=earliest)
        day = Span(*(at(f"{hour:%H:%M}", zone=zone) for hour in hours))
        theirs = starts_in(
            without([day], [Span(*one) for one in busy]),
            length=length,
            step=length,
            zone=zone,
            earliest=earliest,
            is_optimized=True,
        )
        assert [start for start, _end in ours] == theirs
