"""Counting codes sent and codes guessed, before anything is sent or compared.

Rows are locked in one order everywhere, so that no two requests wait for each other: number (or known device),
account, address, the code itself, country, all. The last two belong to everybody, so they are taken last and let go
at once by the commit that follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.conf import settings

from accounts.access_log.record import current_surface
from accounts.devices.tokens import known_device
from accounts.guessing.counters import (
    Hit,
    add_to_minute,
    count_hit,
    hits_of,
    limits_reached,
    refuse_while,
    totals_by_minute,
    totals_by_subject,
)
from accounts.models import LoginDevice, User
from core.phone_numbers import country_of
from core.rate_windows import NO_WAIT, Limit, address_subject, ceiling_wait
from core.refusals import TooOften

log = structlog.get_logger(__name__)

SENDS, FAILURES = "sms_send", "code_failure"
ADDRESS_SENDS, ADDRESS_FAILURES = "address_send", "address_failure"
PHONE_CHANGES = "phone_change"
# Counted by the minute: its subjects are countries' ISO codes, and all of them together.
CEILING_SENDS = "ceiling_send"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose counters count. A known device has its own in place of its number's and its address's."""

    number: str
    device: LoginDevice | None
    address: str

    @property
    def subject(self) -> str:
        return self.number if self.device is None else f"device:{self.device.pk}"


def caller_of(*, number: str, device_token: str | None = None) -> Caller:
    """The caller of this request, by the number typed and the token shown, which need not be valid any more."""
    device = known_device(number=number, token=device_token)
    return Caller(number, device, address_subject(current_surface.get().address))


def count_send(caller: Caller, *, account: User | None = None, at: dt.datetime) -> dt.timedelta:
    """Count one code to send; how long until the next may be asked for.

    Raises: TooOften, with nothing counted once the transaction is rolled back.
    """
    refuse_if_guessed_out(caller, at=at)
    limit = _send_limit()
    hits = _count(SENDS, caller.subject, limit, at, "number_sends").hits
    if account is not None:
        _count(PHONE_CHANGES, str(account.pk), _account_limit(), at, "account_sends")
    if caller.device is None:
        _count(ADDRESS_SENDS, caller.address, _address_limit(settings.OTP_SENDS_PER_ADDRESS), at, "address_sends")
    return limit.wait(hits, at)


def count_towards_ceilings(caller: Caller, *, at: dt.datetime) -> None:
    """Count the code in its country and in all. To be called last: what it locks, everybody waits for.

    Requests that begin a minute together may pass a ceiling by as many as they are.

    Raises: TooOften.
    """
    share = 1 + (settings.SMS_RESERVED_SHARE if caller.device is not None else 0)
    country = country_of(caller.number)
    for scope, ceiling in ((country, settings.SMS_PER_COUNTRY_AN_HOUR), (ALL, settings.SMS_IN_ALL_AN_HOUR)):
        add_to_minute(kind=CEILING_SENDS, subject=scope, at=at)
        # One of the sends totalled is this one.
        totals = totals_by_minute(kind=CEILING_SENDS, subject=scope, at=at)
        wait = ceiling_wait(totals, int(ceiling * share) + 1, at)
        if wait > NO_WAIT:
            log.warning("sms.ceiling_reached", scope=scope)
        with _naming("all" if scope == ALL else "country"):
            refuse_while(wait)


def sends_by_scope(*, at: dt.datetime) -> dict[str, int]:
    """Codes asked for in the last hour, by country and in all."""
    return totals_by_subject(kind=CEILING_SENDS, at=at)


def refuse_if_guessed_out(caller: Caller, *, at: dt.datetime) -> None:
    """Refuse a number whose failures are used up: no code is sent that could not be given.

    Raises: TooOften.
    """
    hits = hits_of(kind=FAILURES, subject=caller.subject)
    with _naming("number_failures"):
        refuse_while(_failure_limit().wait(hits, at), _failure_limit())


def count_failure(subject: str, *, at: dt.datetime) -> Hit:
    """Count a guess at a live code of this number or known device. Raises: TooOften."""
    return _count(FAILURES, subject, _failure_limit(), at, "number_failures")


def count_address_failure(caller: Caller, *, at: dt.datetime) -> Hit:
    """Raises: TooOften."""
    limit = _address_limit(settings.OTP_FAILURES_PER_ADDRESS)
    return _count(ADDRESS_FAILURES, caller.address, limit, at, "address_failures")


def _count(kind: str, subject: str, limit: Limit, at: dt.datetime, name: str) -> Hit:
    with _naming(name):
        return count_hit(kind=kind, subject=subject, limit=limit, at=at)


@contextmanager
def _naming(limit: str) -> Iterator[None]:
    """Which limit it was that refused, for the alarms that watch them."""
    try:
        yield
    except TooOften:
        limits_reached.labels(limit).inc()
        raise


def _send_limit() -> Limit:
    return Limit(settings.OTP_SENDS_PER_NUMBER, settings.OTP_NUMBER_WINDOW, settings.OTP_RESEND_DELAYS)


def _failure_limit() -> Limit:
    return Limit(settings.OTP_FAILURES_PER_NUMBER, settings.OTP_NUMBER_WINDOW)


def _account_limit() -> Limit:
    return Limit(settings.PHONE_CHANGES_PER_ACCOUNT, settings.OTP_NUMBER_WINDOW)


def _address_limit(most: int) -> Limit:
    return Limit(most, settings.OTP_ADDRESS_WINDOW)
