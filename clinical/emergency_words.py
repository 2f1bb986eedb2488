"""Whether a text holds words of an emergency, as whole words. No ORM, no clock."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

# Written without spaces between words: found anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_APOSTROPHES = str.maketrans("", "", "'`\u2019\u2018\u02bc\u00b4")
_WORD = re.compile(r"\w+")


def is_emergency(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases is in the text; case, accents, apostrophes and what stands between words aside."""
    return _pattern(tuple(phrases)).search(_plain(text)) is not None


@functools.lru_cache(maxsize=256)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    plain = [_plain(phrase).strip() for phrase in phrases]
    parts = [re.escape(one) if _UNSPACED.search(one) else f"(?<= ){re.escape(one)}(?= )" for one in plain if one]
    return re.compile("|".join(parts) or r"(?!)")


def _plain(text: str) -> str:
    """Its words, each between single spaces."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_APOSTROPHES)
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return f" {' '.join(_WORD.findall(letters))} "
