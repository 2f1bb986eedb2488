"""Text as it is searched and compared: case, accents, typographic signs and invisible characters aside.

PostgreSQL does the same in `search_text` and `search_words`, functions of a migration of `accounts`, whatever the
database's locale. Whoever changes a table here writes a migration that replaces both functions and rebuilds the
indexes on them; a property test compares the two sides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# A name is shorter, and PostgreSQL holds no word of more than 2046 bytes.
LONGEST = 500
# Accents of Latin, Greek and Cyrillic letters. Vowel signs and other marks of other scripts are part of the word.
_ACCENTS = r"\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF"
# Format characters, fillers and variation selectors.
_INVISIBLE = (
    r"\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F"
    r"\uFE00-\uFE0F\uFEFF\uFFF9-\uFFFB\U000E0000-\U000E0FFF"
)
# What remains of spaces, punctuation and symbols after NFKD, capital letters of ASCII being small by then.
_BETWEEN_WORDS = (
    r"\u0001-\u002F\u003A-\u0060\u007B-\u00BF\u00D7\u00F7\u02B0-\u02FF\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3"
    r"\u05C6\u05F3\u05F4\u060C\u061B\u061E\u061F\u066A-\u066D\u06D4\u0700-\u070D\u0964\u0965\u0970\u0E4F\u0E5A\u0E5B"
    r"\u0F04-\u0F14\u1361-\u1368\u1680\u2000-\u200A\u2010-\u2029\u202F-\u205F\u20A0-\u20CF\u2190-\u2BFF\u2E00-\u2E7F"
    r"\u3000-\u3004\u3008-\u3020\u3030\u303D-\u303F\u30FB\uFFFC\uFFFD\U0001F000-\U0001FAFF"
)
APOSTROPHES = r"['`\u00B4\u02B9-\u02BF\u02C8\u055A\u05F3\u2018-\u201B\u2032\uFF07]"
_DROPPED = re.compile(f"[{_ACCENTS}{_INVISIBLE}]+")
_SEPARATORS = re.compile(f"[{_BETWEEN_WORDS}]+")
_APOSTROPHES = re.compile(APOSTROPHES)

# Letters that NFKD leaves whole and people type without their stroke, hook or dot; the final sigma.
_PLAIN_LETTERS = str.maketrans("øłđðħıŧŋɓɗƙƴəɛɔɖɣʋƒɨʉɏƀƶǥς", "olddhitnbdkyeeodgvfiuybzgσ")
_SEVERAL_LETTERS = (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("þ", "th"))
# Latin to Armenian, Georgian, Adlam: ranges in which no version of Unicode since 11 has added a pair of letters.
_CASED = (range(0x41, 0x588), range(0x1C90, 0x1CC0), range(0x1E9E, 0x1E9F), range(0x1E900, 0x1E922))


def _small_letters() -> dict[int, str]:
    capitals = [chr(code) for codes in _CASED for code in codes if unicodedata.is_normalized("NFKD", chr(code))]
    small = {ord(one): one.lower() for one in capitals if one.lower() != one and len(one.lower()) == 1}
    return {code: letter.translate(_PLAIN_LETTERS) for code, letter in small.items()} | {
        code: chr(plain) for code, plain in _PLAIN_LETTERS.items()
    }


FOLDED_LETTERS = _small_letters()


def search_text(text: str) -> str:
    """The words of a text, each between single spaces."""
    folded = unicodedata.normalize("NFKD", text.replace("\0", " ")).translate(FOLDED_LETTERS)
    folded = _DROPPED.sub("", folded)
    for letter, several in _SEVERAL_LETTERS:
        folded = folded.replace(letter, several)
    return _SEPARATORS.sub(" ", folded).strip(" ")[:LONGEST]


def spelled_out(text: str) -> str:
    """With the letters that are also written as two, as in Mueller, Soerensen and Aase."""
    text = re.sub(r"([AOUaou])\u0308", r"\1e", unicodedata.normalize("NFKD", text))
    return re.sub(r"[Øø]", "oe", re.sub(r"([Aa])\u030A", r"\1a", text))


def search_words(text: str) -> set[str]:
    """Every word by which a name is found: D'Angelo also as one word, Müllner also as Muellner."""
    joined = _APOSTROPHES.sub("", text)
    both = text if joined == text else f"{text} {joined}"
    return {word for forms in word_forms(both) for word in forms}


def word_forms(text: str) -> Iterator[tuple[str, ...]]:
    """For each word typed its one or two forms, to look for the beginning of either."""
    plain, spelled = search_text(text).split(), search_text(spelled_out(text)).split()
    for word, other in zip(plain, spelled, strict=False):
        yield (word,) if word == other else (word, other)
