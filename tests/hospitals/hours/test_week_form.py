from __future__ import annotations

import datetime as dt

import pytest

from hospitals.hours.forms import (
    MAX_SHIFTS_A_DAY,
    WeekForm,
    rows_of,
    typed_rows,
    with_blank_row,
    with_copied_day,
    without_row,
)
from hospitals.hours.windows import MIDNIGHT, Shift, Window


def errors(week: WeekForm) -> dict[str, list[str]]:
    return {
        f"{form.prefix}-{name}": [str(error.code) for error in problems.as_data()]
        for day in week.days
        for form in day.forms
        for name, problems in form.errors.items()
    }


def test_a_week_is_read_day_by_day() -> None:
    rows = typed_rows({"d1-0-start": "08:00", "d1-0-end": "12:00", "d5-0-start": "22:00", "d5-0-end": "06:00"})
    week = WeekForm(rows, is_bound=True)
    assert week.is_valid()
    assert week.windows == [
        Window(1, dt.time(8), dt.time(12)),
        Window(5, dt.time(22), MIDNIGHT),
        Window(6, dt.time(0), dt.time(6)),
    ]


def test_empty_rows_are_left_out() -> None:
    week = WeekForm({1: [("", ""), ("8", "9"), ("", "")]}, is_bound=True)
    assert week.is_valid()
    assert week.windows == [Window(1, dt.time(8), dt.time(9))]


def test_each_mistake_is_told_beside_its_field() -> None:
    week = WeekForm({1: [("8", "")], 2: [("", "9")], 3: [("9", "9")], 4: [("nine", "10")]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {
        "d1-0-end": ["end_missing"],
        "d2-0-start": ["start_missing"],
        "d3-0-end": ["empty_window"],
        "d4-0-start": ["unreadable_time"],
    }
    assert week.error_count == 4


def test_overlaps_are_told_together_with_other_mistakes() -> None:
    week = WeekForm({1: [("8", "12"), ("11", "18")], 2: [("22", "6")], 3: [("5", "9")], 4: [("9", "")]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {
        "d1-1-start": ["overlapping_windows"],
        "d2-0-end": ["overlapping_windows"],
        "d4-0-end": ["end_missing"],
    }


def test_an_overlap_is_told_beside_the_later_row() -> None:
    week = WeekForm({2: [("8", "12"), ("11", "15")]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {"d2-1-start": ["overlapping_windows"]}


def test_a_night_that_runs_into_the_next_mornings_hours_is_an_overlap() -> None:
    week = WeekForm({7: [("22", "9")], 1: [("8", "12")]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {"d7-0-end": ["overlapping_windows"]}


@pytest.mark.parametrize("next_day", [("8", "12"), ("0", "9"), ("0", "15"), ("0", "12")])
def test_hours_that_run_into_the_next_day_by_mistake_are_named_where_they_were_typed(next_day: tuple[str, str]) -> None:
    week = WeekForm({2: [("18", "12")], 3: [next_day]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {"d2-0-end": ["overlapping_windows"]}
    (form,) = week.days[1].forms
    hours = "–".join(f"{int(hour):02d}:00" for hour in next_day)
    assert form.errors["end"] == [f"This runs into Wednesday and overlaps {hours} there."]
    assert form.fields["end"].widget.attrs["autofocus"] is True
    assert form.runs_until == "until Wednesday 12:00"
    assert [form.runs_until for form in week.days[2].forms] == [""]


def test_a_row_says_until_when_on_the_next_day_it_runs() -> None:
    rows = {6: [("22:00", "09:00"), ("18:00", "00:00"), ("08:00", "12:00"), ("", ""), ("22", "x")]}
    week = WeekForm(rows, is_bound=False)
    assert [form.runs_until for form in week.days[5].forms] == ["until Sunday 09:00", "", "", "", ""]


def test_the_same_row_twice_is_an_overlap() -> None:
    week = WeekForm({2: [("8", "12"), ("8", "12")]}, is_bound=True)
    assert not week.is_valid()
    assert errors(week) == {"d2-1-start": ["overlapping_windows"]}


def test_rows_are_added_removed_and_copied_without_touching_the_rest() -> None:
    rows = {1: [("08:00", "12:00"), ("13:00", "")], 2: [("09:00", "10:00")]}
    assert with_blank_row(rows, 1)[1] == [("08:00", "12:00"), ("13:00", ""), ("", "")]
    assert without_row(rows, 1, 0) == {1: [("13:00", "")], 2: [("09:00", "10:00")]}
    assert without_row(rows, 3, 7) == {**rows, 3: []}
    assert with_copied_day(rows, 1, [1, 2, 3]) == {1: rows[1], 2: rows[1], 3: rows[1]}


def test_a_day_holds_no_endless_rows() -> None:
    typed = {f"d1-{number}-start": "8" for number in range(50)}
    rows = typed_rows(typed)
    assert len(rows[1]) == MAX_SHIFTS_A_DAY
    assert with_blank_row(rows, 1) == rows


def test_names_that_are_not_the_forms_are_left_out() -> None:
    assert typed_rows({"d8-0-start": "8", "d1-x-start": "8", "d1-0-color": "8", "do": "save"}) == {}


def test_midnight_is_shown_as_a_time_input_can_show_it() -> None:
    assert rows_of([Shift(1, dt.time(18), MIDNIGHT)]) == {1: [("18:00", "00:00")]}
