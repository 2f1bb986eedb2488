"""One-time codes of four digits, and the mask they wear in the database.

The column holds 1000 to 9999, so a hash does not fit. The code is shifted inside that range by an offset that only
the holder of an `OTP_KEYS` key can compute, another one for each challenge: a leaked table tells nothing. The shift
can be undone, because the worker that sends the message makes its text from the row.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.codes.limits import Caller, caller_of, count_send, count_towards_ceilings
from accounts.guessing.counters import codes_requested
from accounts.models import OneTimeCode, SmsMessage, User
from core.rate_windows import whole_seconds
from core.wake_ups import wake

LOWEST_CODE = 1000
NUMBER_OF_CODES = 9000
_KINDS = {
    OneTimeCode.Purpose.SIGN_IN: SmsMessage.Kind.SIGN_IN_CODE,
    OneTimeCode.Purpose.CHANGE_PHONE: SmsMessage.Kind.PHONE_CODE,
    OneTimeCode.Purpose.ERASE: SmsMessage.Kind.ERASE_CODE,
}


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


@dataclass(frozen=True, slots=True)
class Challenge:
    id: uuid.UUID
    expires_in_seconds: int
    resend_in_seconds: int


def issue_code(
    caller: Caller,
    *,
    purpose: OneTimeCode.Purpose,
    is_sent: bool,
    asked_by: User | None = None,
    at: dt.datetime,
) -> Challenge:
    """Count, make a code for the number, kill its last one of that purpose, and queue the message.

    Where not `is_sent`, the code reaches nobody: the answer and the work are alike. Call inside a transaction.

    Raises: TooOften.
    """
    resend_in = count_send(caller, account=asked_by, at=at)
    binding = Binding(challenge_id=uuid.uuid4(), number=caller.number, purpose=purpose.value)
    code = _replace_code(binding, asked_by=asked_by, at=at)
    if is_sent:
        SmsMessage.objects.create(kind=_KINDS[purpose], number=caller.number, code=code, created_at=at, status_at=at)
    wake("send_sms")
    count_towards_ceilings(caller, at=at)
    codes_requested.labels(purpose.value).inc()
    return Challenge(
        id=binding.challenge_id,
        expires_in_seconds=whole_seconds(settings.OTP_LIFETIME),
        resend_in_seconds=whole_seconds(resend_in),
    )


def _replace_code(binding: Binding, *, asked_by: User | None, at: dt.datetime) -> OneTimeCode:
    live = OneTimeCode.objects.filter(number=binding.number, purpose=binding.purpose, closed_at=None)
    live.exclude(challenge_id=None).update(closed_at=at)
    return OneTimeCode.objects.create(
        number=binding.number,
        otp=mask(make_code(), binding, keys=settings.OTP_KEYS),
        challenge_id=binding.challenge_id,
        purpose=binding.purpose,
        expires_at=at + settings.OTP_LIFETIME,
        asked_by=asked_by,
    )


@transaction.atomic
def request_code(*, number: str, device_token: str | None = None, at: dt.datetime) -> Challenge:
    """Make a sign-in code for the number, kill its last one, and queue the message.

    A number of staff, or of a blocked patient, gets a code too, which is neither sent nor ever accepted: the answer
    and the work are alike. `device_token` is the token the device had before, expired or not.

    Raises: TooOften.
    """
    caller = caller_of(number=number, device_token=device_token)
    return issue_code(caller, purpose=OneTimeCode.Purpose.SIGN_IN, is_sent=_may_receive(number), at=at)


def _may_receive(number: str) -> bool:
    user = User.objects.filter(phone=number).first()
    return user is None or (user.is_patient and user.is_active)
