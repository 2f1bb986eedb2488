from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.lines import is_one_line, typed_email, typed_line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  Ada \u00a0\u2003 North\u200b ", "Ada North"),
        (unicodedata.normalize("NFD", "Änne"), "Änne"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("\u200cعلی\u200c رضا\u200d", "علی رضا"),
        ("\u202aAda\u202c", "Ada"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("\u200b", ""),
        ("\u2060\u00ad\ufeff", ""),
        ("\u3164", ""),
        ("\u2800\u200d\u0301", ""),
        (".", "."),
        ("李", "李"),
    ],
)
def test_a_line_is_what_can_be_seen_of_it(typed: str, line: str) -> None:
    assert typed_line(typed) == line


@pytest.mark.parametrize(
    ("line", "fits"), [("علی\u200cرضا", True), ("Ada North", True), ("Ada\nNorth", False), ("Ada\x00", False)]
)
def test_a_line_break_or_control_character_does_not_fit_on_a_line(line: str, fits: bool) -> None:
    assert is_one_line(line) is fits


@given(st.text())
def test_reading_a_line_again_changes_nothing(text: str) -> None:
    assert typed_line(typed_line(text)) == typed_line(text)


@pytest.mark.parametrize("typed", ["\u200bada@north.test", " ada@north.test\u00a0", "ada@\u00adnorth.test\u200c"])
def test_an_address_is_copied_without_what_nobody_sees(typed: str) -> None:
    assert typed_email(typed) == "ada@north.test"
