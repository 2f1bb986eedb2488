from __future__ import annotations

import pytest

from core.phone_numbers import InvalidPhone, is_valid_phone, parse_phone, shown_phone


@pytest.mark.parametrize(
    ("typed", "countries", "digits"),
    [
        ("+43 660 1234567", [], "436601234567"),
        ("+43 (0) 660 123-4567", [], "436601234567"),
        (" +436601234567 ", ["AT"], "436601234567"),
        ("0660 1234567", ["AT"], "436601234567"),
        ("+1 555 010 0123", ["US"], "15550100123"),
        ("+39 06 6982 1234", [], "390669821234"),
    ],
)
def test_a_number_becomes_its_digits(typed: str, countries: list[str], digits: str) -> None:
    assert parse_phone(typed, countries=countries) == digits


@pytest.mark.parametrize(
    ("digits", "is_valid"), [("436601234567", True), ("447700900123", False), ("15550100123", False), ("", False)]
)
def test_a_number_that_can_be_signed_in_with_may_not_be_valid(digits: str, is_valid: bool) -> None:
    assert is_valid_phone(digits) is is_valid


@pytest.mark.parametrize(
    ("typed", "countries"),
    [
        ("0660 1234567", []),
        ("0660 1234567", ["AT", "CH"]),
        ("+43 660 1234567", ["CH"]),
        ("+1 416 555 0123", ["US"]),
        ("+43 660 1234567 ext. 5", []),
        ("+43660123456712345", []),
        ("+999 1234567", []),
        ("1-800-FLOWERS", ["US"]),
        ("+4366\x0001234567", []),
        ("", []),
    ],
)
def test_what_is_no_number_we_serve_is_refused(typed: str, countries: list[str]) -> None:
    with pytest.raises(InvalidPhone) as refusal:
        parse_phone(typed, countries=countries)
    assert (refusal.value.code, str(refusal.value)) == ("invalid_phone", "invalid_phone")


def test_a_number_is_shown_with_its_plus() -> None:
    assert (shown_phone("436601234567"), shown_phone(None)) == ("+436601234567", None)
