"""Names and other lines of text, e-mail addresses: without what nobody sees."""

from __future__ import annotations

import re
import unicodedata

# Direction marks, zero-width spaces, soft hyphens and the like. The two joiners are letters' business: see below.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]"
)
_JOINERS = "\u200c\u200d"
# They stand inside words of Persian, Hindi and others, and in some emoji; anywhere else they are left over.
_LOOSE_JOINERS = re.compile(f"(?<!\\S)[{_JOINERS}]+|[{_JOINERS}]+(?!\\S)")
_SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Letters and symbols by their category, blank on paper: fillers of Hangul and the empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def typed_line(text: str) -> str:
    """The text in composed form (NFC), single ordinary spaces in it, no invisible characters; empty where nothing of
    it can be seen. Line breaks and control characters stay, for the caller to refuse.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = _LOOSE_JOINERS.sub("", _SPACES.sub(" ", text)).strip()
    return text if any(_is_seen(character) for character in text) else ""


def typed_email(text: str) -> str:
    """An address without the spaces and invisible characters that come along when it is copied."""
    return _INVISIBLE.sub("", _SPACES.sub(" ", text)).strip(f" \t\r\n{_JOINERS}")


def is_one_line(text: str) -> bool:
    """Whether a text of `typed_line` has nothing in it that cannot be shown on one line."""
    return text.translate({ord(joiner): None for joiner in _JOINERS}).isprintable()


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
