"""What this app needs from a vendor, without naming one. Settings name the implementation by dotted path."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

# The code of a refusal because the person answered STOP. It lasts until they answer START.
STOPPED = "stopped"
# Our own: `SMS_COUNTRIES` does not have the number's country, or no longer.
COUNTRY_NOT_SERVED = "country_not_served"


class SmsRefused(Exception):
    """The provider will never send this message. `code` is the provider's own error number, or our word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SmsUnknownOutcome(Exception):
    """The message may or may not have been sent: it is never sent again by us."""


class SmsBusy(Exception):
    """The provider did not take the message and said so: safe to try again later."""


@dataclass(frozen=True, slots=True)
class SentSms:
    provider_id: str | None


class SmsLine(StrEnum):
    """Who a message comes from. A STOP ends one sender's messages alone: reminders must not take codes with them.

    Notices come from the codes' sender where they have none of their own (`SMS_NOTICES_APART`).
    """

    ACCOUNT = "account"
    REMINDERS = "reminders"
    NOTICES = "notices"


class SmsSender(Protocol):
    def send(self, *, to: str, text: str, valid_for_seconds: int, reference: uuid.UUID, line: SmsLine) -> SentSms:
        """Send one message. `to` is E.164 digits without `+`; `reference` comes back with reports of delivery.

        Raises: SmsRefused, SmsUnknownOutcome, SmsBusy.
        """
        ...


def sms_sender() -> SmsSender:
    return cast(SmsSender, import_string(settings.SMS_BACKEND)())


@dataclass(frozen=True, slots=True)
class SmsNotice:
    """What a message says, and until when it is worth sending."""

    text: str
    valid_until: dt.datetime


class SmsNotices(Protocol):
    def notice(self, *, kind: str, about_id: uuid.UUID, number: str, at: dt.datetime) -> SmsNotice | None:
        """The text, for this number, of a message about something another app keeps; None when it has nothing to say
        any more, or not to this number.
        """
        ...


def sms_notices() -> SmsNotices:
    return cast(SmsNotices, import_string(settings.SMS_NOTICES)())
