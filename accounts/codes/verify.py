"""What a code given back does: it signs a patient in, or proves that a new phone number is theirs."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.codes.issue import Challenge, binding_of, issue_code, matches
from accounts.codes.limits import (
    Caller,
    caller_of,
    count_address_failure,
    count_failure,
    refuse_if_guessed_out,
)
from accounts.devices.tokens import give_token, revoke_other_devices
from accounts.guessing.counters import Hit, codes_failed
from accounts.models import DeviceToken, LoginDevice, OneTimeCode, Patient, Role, SmsMessage, User
from core.refusals import Invalid
from core.wake_ups import wake


class InvalidCode(Invalid):
    """Wrong, used, expired, unknown: never said which."""

    code = "invalid_code"
    message = _("This code is not valid. Ask for a new one if it was sent more than a few minutes ago.")


@dataclass(frozen=True, slots=True)
class Guess:
    """A code as given, for one purpose, and by the person that asked for it where that was a person signed in."""

    challenge_id: uuid.UUID
    purpose: OneTimeCode.Purpose
    code: str
    asked_by: User | None = None
    # The hash of the request's `Idempotency-Key`: the same request again may use the code it has used.
    used_key: str | None = None


def take_code(guess: Guess, caller: Caller, *, at: dt.datetime) -> list[Hit] | None:
    """Use the code up if it is right: what was counted as failures, for the caller to take back when all is well.

    None, not an exception, for anything wrong: what was counted has to be committed.

    Raises: TooOften.
    """
    counted = _take_code(guess, caller, at)
    if counted is None:
        codes_failed.labels(guess.purpose.value).inc()
    return counted


def _take_code(guess: Guess, caller: Caller, at: dt.datetime) -> list[Hit] | None:
    live = _live(guess, at)
    number = live.values_list("number", flat=True).first()
    if number is None:
        refuse_if_guessed_out(caller, at=at)
        count_address_failure(caller, at=at)
        return None
    counted = [count_failure(caller.subject if number == caller.number else number, at=at)]
    if caller.device is None:
        counted.append(count_address_failure(caller, at=at))
    row = _count_try(live, at)
    if row is None:
        # Others closed it meanwhile: this was no guess at a live code.
        counted[0].take_back()
        return None
    if not _is_right(row, caller.number, guess.code):
        return None
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    return counted


def _live(guess: Guess, at: dt.datetime) -> QuerySet[OneTimeCode]:
    usable = Q(closed_at=None)
    if guess.used_key is not None:
        usable |= Q(used_key=guess.used_key, tries__lt=settings.OTP_MAX_TRIES)
    return OneTimeCode.objects.filter(
        usable,
        challenge_id=guess.challenge_id,
        purpose=guess.purpose,
        asked_by=guess.asked_by,
        expires_at__gt=at,
    )


def _count_try(live: QuerySet[OneTimeCode], at: dt.datetime) -> OneTimeCode | None:
    """The live code of the challenge, locked, with this try already counted; the last try closes it."""
    row = live.select_for_update().first()
    if row is None:
        return None
    row.tries += 1
    if row.tries >= settings.OTP_MAX_TRIES:
        row.closed_at = at
    row.save(update_fields=["tries", "closed_at"])
    return row


def _is_right(row: OneTimeCode, number: str, code: str) -> bool:
    is_number_right = hmac.compare_digest(row.number.encode(), number.encode())
    return matches(row.otp, code, binding_of(row), keys=settings.OTP_KEYS) and is_number_right


__all__ = ["InvalidCode", "SignedIn", "sign_in_with_code"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`step_up`: whether the device must prove more before it sees the record. `is_replay`: it was signed in before,
    by the same request, whose answer was lost.
    """

    token: str
    expires_at: dt.datetime
    is_new: bool
    step_up: bool
    is_replay: bool


def sign_in_with_code(
    *,
    challenge_id: uuid.UUID,
    number: str,
    code: str,
    device_name: str,
    device_token: str | None = None,
    key: str | None = None,
    at: dt.datetime,
) -> SignedIn:
    """Sign a patient in, making the account at the first time, and return the device's token.

    `device_token` is the token the device had before, expired or not; it ends. With the same `key` the same code may
    be given again while it lives and tries are left: the token it was answered with, which may have been lost, ends.

    Raises: InvalidCode, TooOften.
    """
    used_key = None if key is None else hashlib.sha256(f"{challenge_id} {key}".encode()).hexdigest()
    guess = Guess(challenge_id, OneTimeCode.Purpose.SIGN_IN, code, used_key=used_key)
    signed_in = _try_code(guess, number=number, device_token=device_token, device_name=device_name, at=at)
    if signed_in is None:
        raise InvalidCode
    return signed_in


@transaction.atomic
def _try_code(
    guess: Guess, *, number: str, device_token: str | None, device_name: str, at: dt.datetime
) -> SignedIn | None:
    """None, not an exception, for a wrong code: the try that was counted has to be committed."""
    caller = caller_of(number=number, device_token=device_token)
    counted = take_code(guess, caller, at=at)
    if counted is None:
        return None
    row = OneTimeCode.objects.get(challenge_id=guess.challenge_id)
    found = _patient_of(number) if row.token_id is None else _known_patient(number, since=row.created_at)
    if found is None:
        return None
    patient, is_new = found
    device = caller.device if row.token_id is None else _device_signed_in(patient, row.token_id)
    if row.token_id is not None and device is None:
        return None  # signed out since
    for count in counted:
        count.take_back()
    token, secret = _sign_in(patient, device=device, device_name=device_name, at=at)
    is_replay = row.token_id is not None
    row.used_key, row.token_id = guess.used_key, token.public_id
    row.save(update_fields=["used_key", "token_id"])
    return SignedIn(secret, token.expiry, is_new=is_new, step_up=token.needs_step_up, is_replay=is_replay)


def _device_signed_in(patient: Patient, token_id: uuid.UUID) -> LoginDevice | None:
    """The device that the token was given to, while it is signed in."""
    digests = DeviceToken.objects.filter(user=patient.user, public_id=token_id).values("digest")
    return LoginDevice.objects.filter(user=patient.user, secret_hash__in=digests).first()


def _patient_of(number: str) -> tuple[Patient, bool] | None:
    """The number's patient, and whether it is new; None where the number may not sign in as a patient."""
    user, is_new = User.objects.get_or_create(phone=number, defaults={"role": Role.PATIENT})
    if not (user.is_patient and user.is_active):
        return None
    patient, _ = Patient.objects.get_or_create(user=user)
    return patient, is_new


def _known_patient(number: str, *, since: dt.datetime) -> tuple[Patient, bool] | None:
    """The number's patient, and whether it is new since then; makes no account: the number may have changed hands."""
    patients = Patient.objects.select_related("user")
    patient = patients.filter(user__phone=number, user__role=Role.PATIENT, user__is_active=True).first()
    return (patient, patient.user.created_at >= since) if patient else None


def _sign_in(
    patient: Patient, *, device: LoginDevice | None, device_name: str, at: dt.datetime
) -> tuple[DeviceToken, str]:
    user = patient.user
    user.last_login = at
    user.save(update_fields=["last_login"])
    token, secret = give_token(patient=patient, device=device, device_name=device_name, at=at)
    record_access(by=user, action=AccessAction.SIGNED_IN, patient_id=user.pk)
    return token, secret


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

    The same device may ask again after a lost answer: what the challenge has changed is told again.

    Raises: InvalidCode, TooOften.
    """
    if by.phone == number and _has_changed(challenge_id, by=by, token=token):
        return by
    guess = Guess(challenge_id, OneTimeCode.Purpose.CHANGE_PHONE, code, asked_by=by)
    user = _try_change(guess, by=by, token=token, number=number, at=at)
    if user is None:
        raise InvalidCode
    return user


def _has_changed(challenge_id: uuid.UUID, *, by: User, token: DeviceToken) -> bool:
    changed = OneTimeCode.objects.filter(purpose=OneTimeCode.Purpose.CHANGE_PHONE, token_id=token.public_id)
    return changed.filter(challenge_id=challenge_id, asked_by=by, number=by.phone).exists()


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
    OneTimeCode.objects.filter(challenge_id=guess.challenge_id).update(token_id=token.public_id)
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
