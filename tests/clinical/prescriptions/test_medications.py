from __future__ import annotations

import datetime as dt

import pytest

from clinical.prescriptions.medications import (
    InvalidMedications,
    Medication,
    Route,
    as_json,
    same_medicine,
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


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"quantity": "1.000"}, "int_parsing"),
        ({"quantity": "1,000"}, "int_parsing"),
        ({"duration_days": "7.0"}, "int_parsing"),
        ({"name": "\u200b"}, "string_too_short"),
        ({"name": "\u3164"}, "string_too_short"),
        ({"dose": "\u2060"}, "string_too_short"),
    ],
)
def test_what_reads_two_ways_or_cannot_be_seen_is_asked_again(change: dict[str, str], kind: str) -> None:
    with pytest.raises(InvalidMedications) as refusal:
        validate_medications([LINE | change])
    assert [error["type"] for error in refusal.value.errors] == [kind]


def test_a_quantity_is_taken_in_the_digits_of_any_script() -> None:
    (line,) = validate_medications([LINE | {"quantity": "\u202a٣٠\u202c"}])
    assert line.quantity == 30


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Paracétamol", "Parace\u0301tamol"),
        ("Paracétamol", "PARACETAMOL"),
        ("Co\u2011amoxiclav", "co-amoxiclav"),
        ("Ibuprofen\u00a0400", "Ibuprofen  400\u200b"),
    ],
)
def test_one_medicine_in_two_spellings_is_the_same(name: str, other: str) -> None:
    one, two = validate_medications([LINE | {"name": name}, LINE | {"name": other}])
    assert same_medicine(one, two)


def test_medicines_named_by_different_signs_are_not_the_same() -> None:
    one, two = validate_medications([LINE | {"name": "+"}, LINE | {"name": "-"}])
    assert not same_medicine(one, two)
