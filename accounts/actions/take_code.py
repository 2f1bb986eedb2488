from __future__ import annotations

import datetime as dt
import hmac
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actions.code_limits import Caller, Counted, count_address_failure, count_failure, refuse_if_guessed_out
from accounts.actions.code_rows import binding_of
from accounts.metrics import codes_failed
from accounts.models import OneTimeCode, User
from accounts.one_time_codes import matches
from core.refusals import Invalid


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


def take_code(guess: Guess, caller: Caller, *, at: dt.datetime) -> list[Counted] | None:
    """Use the code up if it is right: what was counted as failures, for the caller to take back when all is well.

    None, not an exception, for anything wrong: what was counted has to be committed.

    Raises: TooOften.
    """
    counted = _take_code(guess, caller, at)
    if counted is None:
        codes_failed.labels(guess.purpose.value).inc()
    return counted


def _take_code(guess: Guess, caller: Caller, at: dt.datetime) -> list[Counted] | None:
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
    return OneTimeCode.objects.filter(
        challenge_id=guess.challenge_id,
        purpose=guess.purpose,
        asked_by=guess.asked_by,
        closed_at=None,
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
