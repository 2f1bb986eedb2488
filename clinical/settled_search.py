"""A search as you type asks at every pause; what narrows the last search of the same minute is still that search.

The session keeps a keyed hash of what was typed, not the words: they may be a patient's name.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare, salted_hmac

SAME_SEARCH = dt.timedelta(minutes=1)
_LAST = "patient_search"


def begins_search(session: SessionBase, text: str, *, at: dt.datetime) -> bool:
    """Whether this is a search of its own, to be put on record. A minute after its beginning, every search is."""
    text = text.casefold()
    begun_at = _begun_before(session.get(_LAST), text, at)
    session[_LAST] = {"begun_at": begun_at or at.isoformat(), "length": len(text), "hash": _hash(text)}
    return begun_at is None


def _begun_before(last: dict[str, Any] | None, text: str, at: dt.datetime) -> str | None:
    if last is None or not _is_recent(last["begun_at"], at) or not _extends(text, last["length"], last["hash"]):
        return None
    begun_at: str = last["begun_at"]
    return begun_at


def _is_recent(begun_at: str, at: dt.datetime) -> bool:
    return dt.datetime.fromisoformat(begun_at) <= at < dt.datetime.fromisoformat(begun_at) + SAME_SEARCH


def _extends(text: str, length: int, hashed: str) -> bool:
    return len(text) >= length and constant_time_compare(_hash(text[:length]), hashed)


def _hash(text: str) -> str:
    return salted_hmac("clinical.settled_search", text, algorithm="sha256").hexdigest()
