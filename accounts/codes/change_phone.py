"""A patient's new phone number: a code sent to it proves that it is theirs."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.codes.issue import Challenge, issue_code
from accounts.codes.limits import caller_of
from accounts.codes.verify import Guess, InvalidCode, take_code
from accounts.devices.tokens import revoke_other_devices
from accounts.models import DeviceToken, OneTimeCode, SmsMessage, User
from core.wake_ups import wake


@transaction.atomic
def request_phone_change(*, by: User, number: str, at: dt.datetime) -> Challenge:
    """Make a code for the new number and queue it. For a number in use the answer is alike, and nothing is sent.

    Raises: TooOften.
    """
    is_free = not User.objects.filter(phone=number).exists()
    purpose = OneTimeCode.Purpose.CHANGE_PHONE
    return issue_code(caller_of(number=number), purpose=purpose, is_sent=is_free, asked_by=by, at=at)


def change_phone(
    *, by: User, token: DeviceToken, challenge_id: uuid.UUID, number: str, code: str, at: dt.datetime
) -> User:
    """Give the person the number that the code proves. `token`'s device stays signed in, every other one is out.

    Raises: InvalidCode, TooOften.
    """
    guess = Guess(challenge_id, OneTimeCode.Purpose.CHANGE_PHONE, code, asked_by=by)
    user = _try_change(guess, by=by, token=token, number=number, at=at)
    if user is None:
        raise InvalidCode
    return user


@transaction.atomic
def _try_change(guess: Guess, *, by: User, token: DeviceToken, number: str, at: dt.datetime) -> User | None:
    """None, not an exception, for a wrong code: the try that was counted has to be committed."""
    counted = take_code(guess, caller_of(number=number), at=at)
    if counted is None:
        return None
    user = User.objects.select_for_update().get(pk=by.pk)
    old = user.phone
    if not _set_phone(user, number):
        return None
    for count in counted:
        count.take_back()
    revoke_other_devices(by=user, token=token)
    if old is not None:
        kind = SmsMessage.Kind.PHONE_CHANGED
        SmsMessage.objects.create(kind=kind, number=old, created_at=at, status_at=at)
        wake("send_sms")
    record_access(by=user, action=AccessAction.CHANGED_PHONE, patient_id=user.pk)
    return user


def _set_phone(user: User, number: str) -> bool:
    user.phone = number
    try:
        with transaction.atomic():
            user.save(update_fields=["phone"])
    except IntegrityError:
        return False  # in use, perhaps only since a moment ago
    return True
