from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.actions.code_limits import caller_of
from accounts.actions.issue_code import Challenge, issue_code
from accounts.models import OneTimeCode, User


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
