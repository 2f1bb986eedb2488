from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.actions.guesses import lock_counter
from accounts.models import OneTimeCode, SmsMessage, User
from accounts.one_time_codes import Binding, make_code, mask
from accounts.refusals import TooOften
from accounts.wake_ups import wake

SENDS_COUNTED_FOR = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Challenge:
    id: uuid.UUID
    expires_in_seconds: int
    resend_in_seconds: int


@transaction.atomic
def request_code(*, number: str, at: dt.datetime) -> Challenge:
    """Make a sign-in code for the number, kill its last one, and queue the message.

    A number of staff, or of a blocked patient, gets a code too, which is neither sent nor ever accepted: the answer
    and the work are alike.

    Raises: TooOften.
    """
    _count_send(number, at=at)
    binding = Binding(challenge_id=uuid.uuid4(), number=number, purpose=OneTimeCode.Purpose.SIGN_IN.value)
    code = _replace_code(binding, at=at)
    if _may_receive(number):
        SmsMessage.objects.create(kind=SmsMessage.Kind.SIGN_IN_CODE, number=number, code=code, status_at=at)
    wake("send_sms")
    return Challenge(
        id=binding.challenge_id,
        expires_in_seconds=int(settings.OTP_LIFETIME.total_seconds()),
        resend_in_seconds=int(settings.OTP_RESEND_AFTER.total_seconds()),
    )


def _count_send(number: str, *, at: dt.datetime) -> None:
    """Counted per number, known or not; the lock also keeps two requests for one number apart."""
    counter = lock_counter(kind="sms_send", subject=number)
    recent = sorted(hit for hit in counter.hits if hit > at - SENDS_COUNTED_FOR)
    if recent and (wait := recent[-1] + settings.OTP_RESEND_AFTER - at) > dt.timedelta(0):
        raise TooOften(retry_after_seconds=-(-wait // dt.timedelta(seconds=1)))
    counter.hits = [*recent, at]
    counter.save(update_fields=["hits"])


def _replace_code(binding: Binding, *, at: dt.datetime) -> OneTimeCode:
    live = OneTimeCode.objects.filter(number=binding.number, purpose=binding.purpose, closed_at=None)
    live.exclude(challenge_id=None).update(closed_at=at)
    return OneTimeCode.objects.create(
        number=binding.number,
        otp=mask(make_code(), binding, keys=settings.OTP_KEYS),
        challenge_id=binding.challenge_id,
        purpose=binding.purpose,
        expires_at=at + settings.OTP_LIFETIME,
    )


def _may_receive(number: str) -> bool:
    user = User.objects.filter(phone=number).first()
    return user is None or (user.is_patient and user.is_active)
