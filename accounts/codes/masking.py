"""One-time codes of four digits, and the mask they wear in the database.

The column holds 1000 to 9999, so a hash does not fit. The code is shifted inside that range by an offset that only
the holder of an `OTP_KEYS` key can compute, another one for each challenge: a leaked table tells nothing. The shift
can be undone, because the worker that sends the message makes its text from the row.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import OneTimeCode

LOWEST_CODE = 1000
NUMBER_OF_CODES = 9000


@dataclass(frozen=True, slots=True)
class Binding:
    """What a code is good for: this challenge, this number, this purpose, and nothing else."""

    challenge_id: uuid.UUID
    number: str
    purpose: str


def make_code() -> int:
    return LOWEST_CODE + secrets.randbelow(NUMBER_OF_CODES)


def mask(code: int, binding: Binding, *, keys: Sequence[str]) -> int:
    """The code as stored; the first key masks."""
    return _shifted(code, _offset(binding, keys[0]))


def unmask(masked: int, binding: Binding, *, keys: Sequence[str]) -> int:
    """The code to send, by the first key.

    After a change of keys this is not the code that was made, but still one that `matches` accepts, and only one
    message is ever sent for a row.
    """
    return _shifted(masked, -_offset(binding, keys[0]))


def matches(masked: int, given: str, binding: Binding, *, keys: Sequence[str]) -> bool:
    """Whether `given` is the code, in a time that tells nothing. A row masked by any of the keys verifies."""
    expected = [str(_shifted(masked, -_offset(binding, key))).encode() for key in keys]
    return any([hmac.compare_digest(code, given.encode()) for code in expected])


def _shifted(code: int, by: int) -> int:
    return LOWEST_CODE + (code - LOWEST_CODE + by) % NUMBER_OF_CODES


def _offset(binding: Binding, key: str) -> int:
    message = f"{binding.challenge_id}|{binding.number}|{binding.purpose}".encode()
    return int.from_bytes(hmac.digest(key.encode(), message, "sha256"), "big") % NUMBER_OF_CODES


def binding_of(row: OneTimeCode) -> Binding:
    """What the code of this row is bound to. A row without a challenge is another program's, and never used."""
    if row.challenge_id is None or row.purpose is None:
        raise ValueError("this one-time code belongs to no challenge")
    return Binding(challenge_id=row.challenge_id, number=row.number, purpose=row.purpose)
