"""Codes and quantities in the digits of any script."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"[\W_]+")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


def ascii_digits(text: str) -> str:
    """The text with its digits, of whatever script, as 0 to 9."""
    return "".join(_ascii_digit(character) for character in text)


def typed_code(text: str) -> str:
    """A code that was sent or printed: without spaces, hyphens and what else is typed between its signs."""
    return _BETWEEN.sub("", ascii_digits(unicodedata.normalize("NFKC", text)))


def typed_number(text: str) -> str | None:
    """A whole number, in ASCII digits; None where the text is none.

    1.000 is a thousand to some and one to others, as 1,000 is: neither is a whole number here.
    """
    digits = ascii_digits("".join(one for one in text if unicodedata.category(one) != "Cf")).strip()
    return digits if _WHOLE_NUMBER.fullmatch(digits) else None


def _ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
