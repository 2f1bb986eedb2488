from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest

from hospitals.hours.open_hours import BookedVisit, hit_by_hours, hit_by_time_off, opening_hours
from hospitals.hours.windows import Shift, Window, split_shifts

VIENNA = ZoneInfo("Europe/Vienna")
# A Monday, and the night before each change of the clock.
MONDAY = dt.date(2026, 11, 23)
SPRING = dt.date(2026, 3, 29)
AUTUMN = dt.date(2026, 10, 25)


def visit(day: dt.date, start: str, minutes: int = 30, fold: int = 0) -> BookedVisit:
    begins = dt.datetime.combine(day, dt.time.fromisoformat(start), VIENNA).replace(fold=fold).astimezone(dt.UTC)
    return BookedVisit(uuid.uuid4(), begins, begins + dt.timedelta(minutes=minutes))


def window(day: int, start: str, end: str) -> Window:
    return Window(day, dt.time.fromisoformat(start), dt.time.fromisoformat(end))


WIDE = [window(1, "08:00", "17:00")]


def is_hit(
    one: BookedVisit,
    after: list[Window],
    before: list[Window] = WIDE,
    time_off: list[tuple[dt.datetime, dt.datetime]] | None = None,
) -> bool:
    return hit_by_hours([one], before=before, after=after, time_off=time_off or [], zone=VIENNA) == [one]


@pytest.mark.parametrize(
    ("start", "expected"),
    [("07:59", False), ("08:00", True), ("11:30", True), ("11:31", True), ("12:00", False), ("12:30", False)],
)
def test_visits_of_a_morning_that_is_given_up_are_hit(start: str, expected: bool) -> None:
    # 07:59 lay outside already.
    assert is_hit(visit(MONDAY, start), [window(1, "12:00", "17:00")]) is expected


def test_a_week_without_hours_hits_all_and_the_same_week_none() -> None:
    one = visit(MONDAY, "09:00")
    assert is_hit(one, [])
    assert not is_hit(one, WIDE)


def test_windows_that_meet_are_one() -> None:
    assert not is_hit(visit(MONDAY, "11:45"), [window(1, "08:00", "12:00"), window(1, "12:00", "17:00")])
    assert is_hit(visit(MONDAY, "11:45"), [window(1, "08:00", "12:00"), window(1, "12:15", "17:00")])


def test_a_visit_in_time_off_was_decided_about_then() -> None:
    one = visit(MONDAY, "09:00")
    assert not is_hit(one, [], time_off=[(one.start + dt.timedelta(minutes=29), one.end)])
    assert is_hit(one, [], time_off=[(one.end, one.end + dt.timedelta(hours=1))])


def test_2359_is_midnight_and_a_night_shift_goes_through_it() -> None:
    night = split_shifts([Shift(1, dt.time(22), dt.time(6))])
    over_midnight = visit(MONDAY, "23:45")
    assert is_hit(over_midnight, [], before=night)
    assert not is_hit(over_midnight, night, before=night)
    assert is_hit(over_midnight, [window(1, "22:00", "23:59")], before=night)
    assert not is_hit(visit(MONDAY, "23:30"), [window(1, "22:00", "23:59")], before=night)
    assert is_hit(visit(MONDAY + dt.timedelta(days=1), "05:45"), [window(1, "22:00", "23:59")], before=night) is False
    assert is_hit(visit(MONDAY + dt.timedelta(days=1), "05:30"), [window(1, "22:00", "23:59")], before=night)


def test_the_week_is_a_ring() -> None:
    night = split_shifts([Shift(7, dt.time(22), dt.time(6))])
    assert not is_hit(visit(MONDAY - dt.timedelta(days=1), "23:45"), night, before=night)


@pytest.mark.parametrize(
    ("day", "windows", "expected"),
    [
        # 02:00 to 03:00 is not there.
        (SPRING, [window(7, "01:00", "04:00")], ["00:00-02:00"]),
        (SPRING, [window(7, "02:00", "03:00")], []),
        (SPRING, [window(7, "02:30", "04:00")], ["01:00-02:00"]),
        (SPRING, [window(7, "01:00", "02:30")], ["00:00-01:00"]),
        (SPRING, [window(7, "20:00", "23:59")], ["18:00-22:00"]),
        # 02:00 to 03:00 is there twice.
        (AUTUMN, [window(7, "01:00", "04:00")], ["23:00-03:00"]),
        (AUTUMN, [window(7, "02:00", "02:30")], ["00:00-01:30"]),
        (AUTUMN, [window(7, "08:00", "12:00")], ["07:00-11:00"]),
        (MONDAY, [window(1, "13:00", "14:00"), window(1, "08:00", "12:00")], ["07:00-11:00", "12:00-13:00"]),
    ],
)
def test_hours_of_a_day_in_utc(day: dt.date, windows: list[Window], expected: list[str]) -> None:
    spans = opening_hours(windows, day, VIENNA)
    assert [f"{start:%H:%M}-{end:%H:%M}" for start, end in spans] == expected


@pytest.mark.parametrize("fold", [0, 1])
def test_a_visit_in_the_hour_that_is_there_twice(fold: int) -> None:
    hours = [window(7, "01:00", "04:00")]
    assert not is_hit(visit(AUTUMN, "02:15", fold=fold), hours, before=hours)
    assert is_hit(visit(AUTUMN, "02:15", fold=fold), [window(7, "03:00", "04:00")], before=hours)


def test_the_zone_is_the_hospitals() -> None:
    start = dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC)
    late = BookedVisit(uuid.uuid4(), start, start + dt.timedelta(minutes=30))
    auckland = ZoneInfo("Pacific/Auckland")
    hours = [window(2, "12:00", "13:00")]
    assert hit_by_hours([late], before=hours, after=[], time_off=[], zone=auckland) == [late]
    assert hit_by_hours([late], before=hours, after=hours, time_off=[], zone=auckland) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("08:00", "09:00", False), ("08:00", "09:01", True), ("09:29", "10:00", True), ("09:30", "10:00", False)],
)
def test_time_off_hits_what_it_touches(start: str, end: str, expected: bool) -> None:
    one = visit(MONDAY, "09:00")
    off = visit(MONDAY, start).start, visit(MONDAY, end).start
    assert (hit_by_time_off([one], start=off[0], end=off[1]) == [one]) is expected
