from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.digits import typed_code, typed_number


@pytest.mark.parametrize(
    "typed",
    [
        "1234",
        "١٢٣٤",
        "१२३४",
        "１２３４",
        "12 34",
        "12-34",
        "1 2\u00a03 4",
        "1234\u200b",
        "\u202a12\u201334\u202c",
        "12.34",
    ],
)
def test_a_code_is_its_digits(typed: str) -> None:
    assert typed_code(typed) == "1234"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("30", "30"),
        (" ٣٠ ", "30"),
        ("3\u200b0", "30"),
        ("-1", "-1"),
        ("1.000", None),
        ("1,000", None),
        ("1 000", None),
        ("1.0", None),
        ("5²", None),
        ("1e3", None),
        ("1_000", None),
        ("", None),
    ],
)
def test_a_grouped_number_is_no_number(typed: str, number: str | None) -> None:
    assert typed_number(typed) == number


@given(st.integers(), st.sampled_from([0x30, 0x660, 0x6F0, 0x966, 0xFF10]))
def test_numbers_are_read_in_the_digits_of_any_script(number: int, zero: int) -> None:
    typed = "".join(chr(zero + int(one)) if one.isdigit() else one for one in str(number))
    assert typed_number(typed) == str(number)
