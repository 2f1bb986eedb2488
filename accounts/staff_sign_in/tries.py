"""Counting tries of the staff's sign-in: by account, by unknown email, by known device, by person for second factors.

A try is counted, and that committed, before anything is compared; what turns out right is taken back. So tries at
once cannot outrun the count, and no lock is held while a password is hashed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.access_log.record import AccessAction, record_access
from accounts.codes.limits import ADDRESS_FAILURES, ADDRESS_SENDS, FAILURES, PHONE_CHANGES, SENDS
from accounts.guessing.counters import (
    Lockout,
    Tally,
    clear,
    count_failure_in_a_row,
    count_hit,
    forget,
    hits_by_kind,
    purge,
    tally_of,
)
from accounts.models import LoginDevice, StaffMail, User
from accounts.own_data.registry import EXPORTS
from accounts.permissions import require_for_staff
from accounts.staff_sign_in.sessions import hash_device_secret
from core.rate_windows import Limit
from core.refusals import TooOften

log = structlog.get_logger(__name__)

# Kinds of counters. The first four count failures in a row, the last two what is used of a rolling day.
UNKNOWN_EMAIL, DEVICE, SECOND_FACTOR, OWN_PASSWORD = "staff_email", "staff_device", "second_factor", "own_password"
SECOND_FACTOR_DAY, RESET_REQUEST = "second_factor_day", "staff_reset"
STAFF_KINDS = (UNKNOWN_EMAIL, DEVICE, SECOND_FACTOR, OWN_PASSWORD, SECOND_FACTOR_DAY, RESET_REQUEST)
BUDGET_WINDOW = dt.timedelta(hours=24)
# Which mailed links were opened, for as long as one lives.
OPENED_LINK = "staff_link"
LINK_WINDOW = max(settings.INVITATION_LIFETIME, settings.PASSWORD_RESET_LIFETIME)
# Emails that nobody has share so many counters: a stranger who makes them up adds no row for each.
UNKNOWN_COUNTERS = 64
# Their subjects are ids, the person's and the devices', which never coincide.
_PERSONAL_KINDS = (SECOND_FACTOR, SECOND_FACTOR_DAY, OWN_PASSWORD, DEVICE)


@dataclass(frozen=True, slots=True)
class Try:
    """One counted try. `counter` is None where the account itself counts (`users.login_attempts`)."""

    user: User | None
    counter: tuple[str, str] | None
    is_locked: bool
    closes: bool


@transaction.atomic
def count_sign_in(*, email: str, user: User | None, device_secret: str | None, at: dt.datetime) -> Try:
    """Count a try for the email: `user` is who may sign in with it, if anyone."""
    if user is None:
        return _count((UNKNOWN_EMAIL, unknown_subject(email)), None, at)
    device = known_device(user, device_secret, at=at)
    return _count_account(user, at) if device is None else _count((DEVICE, str(device.pk)), user, at)


@transaction.atomic
def count_for_person(*, kind: str, user: User, at: dt.datetime) -> Try:
    """Count a try of one who has already shown who they are: a second factor, or their own password again."""
    return _count((kind, str(user.pk)), user, at)


def take_back(attempt: Try) -> None:
    """The try was right: nothing is counted any more. Call in the transaction that acts on it."""
    if attempt.counter is not None:
        kind, subject = attempt.counter
        clear(kind=kind, subject=subject)
    elif attempt.user is not None:
        User.objects.filter(pk=attempt.user.pk).update(login_attempts=0, lockout_until=None)


@transaction.atomic
def record_failure(attempt: Try, *, about: User | None, reason: str) -> None:
    """Put the failure on record, and the closing where this try closed something. `about` may not sign in, but is
    whose email it was.

    A try at what is closed already adds no row: anybody may go on trying, and the log keeps its rows for six years.
    """
    if attempt.is_locked:
        log.warning("sign_in.refused_while_closed", user=str(about.pk) if about else None)
        return
    _record(AccessAction.SIGN_IN_FAILED, about, reason)
    if attempt.closes:
        _record(AccessAction.LOCKED_OUT, about, attempt.counter[0] if attempt.counter else "account")


@transaction.atomic
def spend(*, kind: str, subject: str, most: int, at: dt.datetime, window: dt.timedelta = BUDGET_WINDOW) -> bool:
    """Take one of so many in a rolling day, or another window; False where they are used up."""
    try:
        count_hit(kind=kind, subject=subject, limit=Limit(most, window), at=at)
    except TooOften:
        return False
    return True


def hashed_email(email: str) -> str:
    return salted_hmac("accounts.staff_email", email.strip().lower(), algorithm="sha256").hexdigest()


def hashed_token(token: str) -> str:
    return salted_hmac("accounts.staff_link", token, algorithm="sha256").hexdigest()


def unknown_subject(email: str) -> str:
    """Which of the shared counters counts for an email that nobody has."""
    return str(int(hashed_email(email)[:8], 16) % UNKNOWN_COUNTERS)


def known_device(user: User, secret: str | None, *, at: dt.datetime) -> LoginDevice | None:
    if secret is None:
        return None
    known_since = at - settings.DEVICE_COOKIE_AGE
    devices = LoginDevice.objects.filter(user=user, secret_hash=hash_device_secret(secret))
    return devices.filter(last_seen_at__gt=known_since).first()


def _count_account(user: User, at: dt.datetime) -> Try:
    # Not the key: rows that refer to the person may be written meanwhile.
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    tally = Tally(row.login_attempts or 0, row.lockout_until)
    if tally.is_locked(at):
        return Try(user, None, is_locked=True, closes=False)
    counted = tally.counting(at, _lockout())
    row.login_attempts, row.lockout_until = counted.failures, counted.locked_until
    row.save(update_fields=["login_attempts", "lockout_until"])
    return Try(user, None, is_locked=False, closes=counted.is_locked(at))


def _count(counter: tuple[str, str], user: User | None, at: dt.datetime) -> Try:
    kind, subject = counter
    tally, was_locked = count_failure_in_a_row(kind=kind, subject=subject, lockout=_lockout(), at=at)
    return Try(user, counter, is_locked=was_locked, closes=not was_locked and tally.is_locked(at))


def _lockout() -> Lockout:
    return Lockout(settings.SIGN_IN_MAX_FAILURES, settings.SIGN_IN_LOCKOUT)


def _record(action: AccessAction, about: User | None, reason: str) -> None:
    record_access(
        by=None,
        action=action,
        object_kind="user",
        object_id=about.pk if about else "",
        hospital_id=about.hospital_id if about else None,
        reason=reason,
    )


@transaction.atomic
def release_lockout(*, user: User, by: User | None, at: dt.datetime) -> None:
    """Let the person try again at once, wherever they failed: password, known devices, second factor.

    Raises: NotPermitted.
    """
    require_for_staff(by, user)
    User.objects.filter(pk=user.pk).update(login_attempts=0, lockout_until=None)
    forget(kinds=_PERSONAL_KINDS, subjects=_subjects_of(user))
    record_access(
        by=by,
        action=AccessAction.RELEASED_LOCKOUT,
        object_kind="user",
        object_id=user.pk,
        hospital_id=user.hospital_id,
    )


def is_locked_out(user: User, *, at: dt.datetime) -> bool:
    """Whether anything is closed to the person for now."""
    if user.lockout_until is not None and at < user.lockout_until:
        return True
    counters = hits_by_kind(kinds=_PERSONAL_KINDS, subjects=_subjects_of(user))
    return any(_is_closed(kind, hits, at) for kind, hits in counters)


def _is_closed(kind: str, hits: list[dt.datetime], at: dt.datetime) -> bool:
    if kind == SECOND_FACTOR_DAY:
        return not Limit(settings.SECOND_FACTOR_TRIES_A_DAY, BUDGET_WINDOW).allows(hits, at)
    return tally_of(hits, _lockout()).is_locked(at)


def _subjects_of(user: User) -> list[str]:
    devices = LoginDevice.objects.filter(user=user).values_list("pk", flat=True)
    return [str(user.pk), *(str(pk) for pk in devices)]


MAILS_KEPT = dt.timedelta(days=30)


def purge_sign_in_traces(*, at: dt.datetime) -> int:
    """Remove the numbers, emails and addresses that no window counts any more; how many. Ended sessions go too."""
    longest = max(settings.OTP_NUMBER_WINDOW, settings.OTP_ADDRESS_WINDOW, BUDGET_WINDOW)
    kinds = [SENDS, FAILURES, ADDRESS_SENDS, ADDRESS_FAILURES, PHONE_CHANGES, EXPORTS, *STAFF_KINDS]
    removed = purge(kinds=kinds, before=at - longest, at=at)
    removed += purge(kinds=[OPENED_LINK], before=at - LINK_WINDOW, at=at)
    Session.objects.filter(expire_date__lte=at).delete()
    StaffMail.objects.filter(created_at__lte=at - MAILS_KEPT).delete()
    return removed
