from __future__ import annotations

import datetime as dt

import pytest

from clinical.prescriptions.medications import (
    InvalidMedications,
    Medication,
    Route,
    as_json,
    stored_medications,
    validate_medications,
)
from tests.clinical.records import MEDICATION

LINE = {
    "name": "Ramipril",
    "dose": "1 tablet",
    "route": "oral",
    "frequency": "once a day",
    "duration_days": 30,
    "quantity": 30,
}


def test_optional_facts_are_left_out_of_what_is_stored() -> None:
    (line,) = validate_medications([{**LINE, "name": "  Ramipril "}])
    assert as_json([line]) == [{**LINE, "refills": 0, "as_needed": False}]


def test_what_is_stored_comes_back() -> None:
    assert stored_medications(as_json([MEDICATION])) == [MEDICATION]


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"route": "by owl"},
        {"duration_days": 0},
        {"quantity": 1001},
        {"refills": -1},
        {"unknown": "fact"},
    ],
)
def test_a_line_that_is_not_one_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidMedications) as refused:
        validate_medications([{**LINE, **change}])
    assert [error["loc"] for error in refused.value.errors] == [(0, next(iter(change)))]
    assert str(refused.value) == "invalid_medications"


@pytest.mark.parametrize("value", [[], None, "aspirin", [LINE] * 21])
def test_a_list_that_is_not_one_is_refused(value: object) -> None:
    with pytest.raises(InvalidMedications):
        validate_medications(value)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([{"name": "Aspirin", "duration_days": "x"}], ["Aspirin"]),
        ("Aspirin", ["Aspirin"]),
        ([None, 7], ["?", "7"]),
        ({}, ["?"]),
    ],
)
def test_lines_of_other_programs_are_shown_as_far_as_they_go(value: object, names: list[str]) -> None:
    lines = stored_medications(value)
    assert [line.name for line in lines] == names
    assert {line.route for line in lines} == {Route.OTHER}


def test_a_line_is_current_until_its_refills_are_used_up() -> None:
    line = Medication.model_validate({**LINE, "duration_days": 10, "refills": 1})
    start = dt.date(2026, 3, 1)
    assert line.ends_on(started_on=start) == dt.date(2026, 3, 21)
    assert line.is_current(started_on=start, today=dt.date(2026, 3, 20))
    assert not line.is_current(started_on=start, today=dt.date(2026, 3, 21))
    assert not line.is_current(started_on=start, today=dt.date(2026, 2, 28))
