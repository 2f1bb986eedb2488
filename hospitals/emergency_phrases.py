"""A hospital's own words of an emergency: one a line, as its admin writes them. No ORM, no clock."""

from __future__ import annotations

MOST_PHRASES = 100
LONGEST_PHRASE = 60
# Fewer signs would be in any message. Scripts that write a word as one or two signs are above this.
LEAST_LETTERS = 3
_SHORT_WORDS_FROM = "\u0e00"


def phrases_of(text: str | None) -> tuple[str, ...]:
    """Each once, in its order."""
    lines = (" ".join(line.split()) for line in (text or "").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def is_usable(phrase: str) -> bool:
    letters = [sign for sign in phrase if sign.isalnum()]
    is_short_script = any(sign >= _SHORT_WORDS_FROM for sign in letters)
    return len(phrase) <= LONGEST_PHRASE and len(letters) >= (1 if is_short_script else LEAST_LETTERS)
