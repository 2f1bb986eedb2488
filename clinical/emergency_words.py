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


# Of a text that is longer, the beginning and the end: letters may unfold to many, and somebody waits.
_LOOKED_AT, _AT_THE_END = 8000, 2000


def is_emergency(plain: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases is in a text of `plain_words`."""
    return any(one in plain for one in _plain_phrases(tuple(phrases)))


def plain_words(text: str) -> str:
    """A text's words, each between single spaces; case, accents, apostrophes and what stands between words aside."""
    if len(text) > _LOOKED_AT + _AT_THE_END:
        text = f"{text[:_LOOKED_AT]} {text[-_AT_THE_END:]}"
    return _plain(text)


@functools.lru_cache(maxsize=256)
def _plain_phrases(phrases: tuple[str, ...]) -> tuple[str, ...]:
    plain = [_plain(phrase) for phrase in phrases]
    return tuple(one.strip() if _UNSPACED.search(one) else one for one in plain if one.strip())


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_APOSTROPHES)
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return f" {' '.join(_WORD.findall(letters))} "
