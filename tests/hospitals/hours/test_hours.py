from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospitals.hours.windows import (
    MIDNIGHT,
    START_OF_DAY,
    EmptyWindow,
    HoursProblem,
    OverlappingWindows,
    Shift,
    UnreadableTime,
    Window,
    format_span,
    format_time,
    in_order,
    join_shifts,
    overlapping_pairs,
    parse_time,
    split_shifts,
)

MINUTES_A_DAY = 24 * 60
# To 23:58: a shift that starts in the minute that means midnight has no part before it.
starts = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59)).filter(lambda time: time < MIDNIGHT)
shifts = st.builds(Shift, st.integers(1, 7), starts, starts).filter(
    lambda shift: shift.start != shift.end or shift.end == START_OF_DAY
)


def minutes(time: dt.time) -> int:
    return MINUTES_A_DAY if time == MIDNIGHT else time.hour * 60 + time.minute


def length(window: Window) -> int:
    return minutes(window.end) - minutes(window.start)


def test_a_shift_within_a_day_is_one_window() -> None:
    assert Shift(1, dt.time(9), dt.time(17)).windows() == (Window(1, dt.time(9), dt.time(17)),)


def test_a_night_shift_is_split_at_midnight() -> None:
    assert Shift(7, dt.time(22), dt.time(6)).windows() == (
        Window(7, dt.time(22), dt.time(23, 59)),
        Window(1, dt.time(0), dt.time(6)),
    )


@pytest.mark.parametrize("end", [START_OF_DAY, MIDNIGHT])
def test_both_ways_to_write_midnight_mean_it(end: dt.time) -> None:
    assert Shift(3, dt.time(18), end).windows() == (Window(3, dt.time(18), MIDNIGHT),)


def test_midnight_to_midnight_is_a_whole_day() -> None:
    assert Shift(3, START_OF_DAY, START_OF_DAY).windows() == (Window(3, START_OF_DAY, MIDNIGHT),)


def test_a_shift_that_ends_when_it_starts_is_refused() -> None:
    with pytest.raises(EmptyWindow):
        Shift(3, dt.time(9), dt.time(9)).windows()


def test_a_window_refuses_an_end_before_its_start_and_an_eighth_day() -> None:
    with pytest.raises(EmptyWindow):
        Window(1, dt.time(10), dt.time(9))
    with pytest.raises(HoursProblem):
        Window(8, dt.time(9), dt.time(10))


@given(shifts)
def test_splitting_and_joining_give_the_shift_back(shift: Shift) -> None:
    end = MIDNIGHT if shift.end == START_OF_DAY else shift.end
    assert join_shifts(shift.windows()) == [Shift(shift.day, shift.start, end)]


@given(shifts)
def test_splitting_keeps_the_minutes(shift: Shift) -> None:
    expected = (minutes(shift.end) - minutes(shift.start)) % MINUTES_A_DAY or MINUTES_A_DAY
    assert sum(length(window) for window in shift.windows()) == expected


@given(st.lists(shifts, max_size=8))
def test_joining_loses_no_window(some: list[Shift]) -> None:
    windows = sorted(set(split_shifts(some)))
    if not list(overlapping_pairs(windows)):
        assert sorted(split_shifts(join_shifts(windows))) == windows


@given(st.lists(shifts, max_size=8))
def test_neighbours_find_every_overlap(some: list[Shift]) -> None:
    windows = split_shifts(some)
    by_comparing_all = any(one.overlaps(other) for index, one in enumerate(windows) for other in windows[index + 1 :])
    assert bool(list(overlapping_pairs(windows))) is by_comparing_all


def test_windows_that_touch_do_not_overlap() -> None:
    early, late = Window(1, dt.time(8), dt.time(12)), Window(1, dt.time(12), dt.time(16))
    assert in_order([late, early]) == (early, late)


def test_overlapping_windows_are_named() -> None:
    one, other = Window(1, dt.time(8), dt.time(12)), Window(1, dt.time(11), dt.time(16))
    with pytest.raises(OverlappingWindows) as refused:
        in_order([other, one])
    assert (refused.value.one, refused.value.other) == (one, other)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("9", dt.time(9)),
        ("9:30", dt.time(9, 30)),
        (" 09.30 ", dt.time(9, 30)),
        ("0930", dt.time(9, 30)),
        ("930", dt.time(9, 30)),
        ("24:00", dt.time(0)),
        ("23:59", dt.time(23, 59)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, time: dt.time) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize("text", ["", "x", "25:00", "9:60", "24:01", "-1", "9:3", "09:30:00", "9" * 500])
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTime):
        parse_time(text)


@given(st.builds(dt.time, st.integers(0, 23), st.integers(0, 59)))
def test_a_written_time_reads_back(time: dt.time) -> None:
    assert parse_time(format_time(time)) == time


def test_midnight_is_shown_as_the_end_of_the_day() -> None:
    assert format_span(dt.time(18), MIDNIGHT) == "18:00–24:00"
