from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phone_numbers import (
    InvalidPhone,
    beginnings,
    country_of_zone,
    is_valid_phone,
    network_number,
    parse_phone,
    shown_phone,
)


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


@pytest.mark.parametrize(
    "typed",
    [
        "\u202a+43 660 5071234\u202c",
        "\u2066+43\u00a0660\u202f5071234\u2069",
        "+٤٣ ٦٦٠ ٥٠٧١٢٣٤",
        "+४३६६०५०७१२३४",
        "\uff0b\uff14\uff13 660 5071234",
        "0043 660 5071234",
        "٠٠٤٣ ٦٦٠ ٥٠٧١٢٣٤",
        "(00)43 660 5071234",
        "tel:+43-660-5071234",
        "TEL:+436605071234;ext=",
        "tel:%2B436605071234",
        "sip:+436605071234@pbx.example:5060;user=phone",
        "+43\u2011660\u20135071234",
        "+43 (0) 660 5071234\ufeff",
    ],
)
def test_a_pasted_number_is_read(typed: str) -> None:
    assert parse_phone(typed, countries=["AT", "CH"]) == "436605071234"


@pytest.mark.parametrize(
    ("number", "countries", "digits"),
    [
        ("436605071234", [], "436605071234"),
        ("tel:436605071234", [], "436605071234"),
        ("sip:436605071234@trunk.example", ["AT", "CH"], "436605071234"),
        ("06605071234", ["AT"], "436605071234"),
        ("2025550123", ["US"], "12025550123"),
        ("12025550123", ["US"], "12025550123"),
        ("+41446681800", ["AT"], "41446681800"),
    ],
)
def test_a_network_gives_a_number_without_its_plus(number: str, countries: list[str], digits: str) -> None:
    assert network_number(number, countries=countries) == digits


@pytest.mark.parametrize("number", ["anonymous", "sip:anonymous@anonymous.invalid", "12", "", "0" * 40])
def test_a_withheld_number_is_none(number: str) -> None:
    with pytest.raises(InvalidPhone):
        network_number(number, countries=["AT"])


@pytest.mark.parametrize(
    ("typed", "countries", "found"),
    [
        ("0660507", ["AT"], ["43660507"]),
        ("43660507", ["AT"], ["43660507", "4343660507"]),
        ("066982", ["IT"], ["39066982"]),
        ("4155550", ["US"], ["4155550", "14155550"]),
        ("89161234", ["RU"], ["89161234", "79161234"]),
        ("0660507", [], []),
        ("660507", ["QQ"], ["660507"]),
    ],
)
def test_national_digits_begin_a_number_of_the_country(typed: str, countries: list[str], found: list[str]) -> None:
    assert beginnings(typed, countries=countries) == found


def test_a_zone_is_in_a_country() -> None:
    zones = ["Europe/Vienna", "America/New_York", "Asia/Kolkata", "UTC", "Nowhere/Else", None]
    assert [country_of_zone(zone) for zone in zones] == ["AT", "US", "IN", None, None, None]


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        digits = parse_phone(text, countries=())
    except InvalidPhone:
        return
    assert parse_phone(f"+{digits}", countries=()) == digits
