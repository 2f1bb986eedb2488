"""The SMS we send: their texts, one GSM-7 segment each with no name and nothing medical; their sender; the sending."""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.codes.issue import binding_of, unmask
from accounts.models import SmsMessage
from accounts.ports import (
    COUNTRY_NOT_SERVED,
    SmsBusy,
    SmsLine,
    SmsNotice,
    SmsRefused,
    SmsUnknownOutcome,
    sms_notices,
    sms_sender,
)
from core.phone_numbers import is_served

log = structlog.get_logger(__name__)
Kind = SmsMessage.Kind
SEGMENT_CHARACTERS = 160
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# What staff decided about a visit.
NOTICES = (Kind.VISIT_CANCELLED, Kind.VISIT_TO_MOVE, Kind.VISIT_STAYS, Kind.VISIT_REASSIGNED)
BATCH = 50  # messages of one run, so that a task stays well inside its time limit
FIRST_RETRY = dt.timedelta(seconds=5)
LONGEST_RETRY = dt.timedelta(minutes=2)
# A message still being sent after this long lost its worker: it may or may not have gone out.
STUCK_AFTER = dt.timedelta(minutes=3)
# A notice that is later than this says nothing new; the provider keeps a message no longer than 10 h.
NOTICE_LIFETIME = dt.timedelta(hours=4)
Status = SmsMessage.Status


def sign_in_code_text(code: int, *, minutes: int) -> str:
    return _("Your Wardbook sign-in code is %(code)s. It is valid for %(minutes)s minutes. Never share it.") % {
        "code": code,
        "minutes": minutes,
    }


def phone_code_text(code: int, *, minutes: int) -> str:
    return _(
        "%(code)s confirms this as your new Wardbook number. It is valid for %(minutes)s minutes. Never share it."
    ) % {
        "code": code,
        "minutes": minutes,
    }


def erase_code_text(code: int, *, minutes: int) -> str:
    return _(
        "%(code)s asks Wardbook to erase your data. If you did not ask, never share it. Valid for %(minutes)s minutes."
    ) % {
        "code": code,
        "minutes": minutes,
    }


def phone_changed_text() -> str:
    """To the old number, which may be another person's by now."""
    return _("Your Wardbook account now uses another phone number. If this was not you, tell your hospital at once.")


def fits_one_segment(text: str) -> bool:
    return len(text) <= SEGMENT_CHARACTERS and _GSM_7.issuperset(text)


def line_of(kind: str) -> SmsLine:
    if kind == Kind.REMINDER:
        return SmsLine.REMINDERS
    return SmsLine.NOTICES if kind in NOTICES else SmsLine.ACCOUNT


_CODE_TEXTS = {Kind.PHONE_CODE.value: phone_code_text, Kind.ERASE_CODE.value: erase_code_text}


def send_sms(*, at: dt.datetime) -> int:
    """Send the messages that wait, by their lines' turn and the oldest first; the number handed to the sender.

    A message is claimed and committed before it is sent, so it goes out at most once whatever happens here.
    """
    _give_up_stuck(at)
    handled = 0
    while handled < BATCH and (message := _claim(at)) is not None:
        _record(message, _outcome(message, at), at)
        handled += 1
    return handled


def _give_up_stuck(at: dt.datetime) -> None:
    stuck = SmsMessage.objects.filter(status=Status.SENDING, status_at__lt=at - STUCK_AFTER)
    stuck.update(status=Status.UNKNOWN, status_at=at)


@transaction.atomic
def _claim(at: dt.datetime) -> SmsMessage | None:
    due = SmsMessage.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=at), status=Status.QUEUED)
    locked = due.select_related("code").select_for_update(skip_locked=True, of=("self",))
    # Somebody sits before the screen and waits for a code. A morning's reminders are many and can wait; the notices of
    # a doctor's cancelled week come between.
    waiting = locked.order_by("created_at", "id")
    turns = (waiting.exclude(kind__in=(*NOTICES, Kind.REMINDER)), waiting.filter(kind__in=NOTICES), waiting)
    message = next((found for turn in turns if (found := turn.first()) is not None), None)
    if message is None:
        return None
    message.status, message.status_at = Status.SENDING, at
    message.tries += 1
    message.save(update_fields=["status", "status_at", "tries"])
    return message


def _outcome(message: SmsMessage, at: dt.datetime) -> dict[str, Any]:
    """The fields that change, after sending outside any transaction."""
    # Here, past which every message goes: a guest's number was typed elsewhere, and the setting may be newer than it.
    if not is_served(message.number, countries=settings.SMS_COUNTRIES):
        return {"status": Status.FAILED, "error_code": COUNTRY_NOT_SERVED}
    notice = _notice(message, at)
    remaining = notice.valid_until - at if notice else dt.timedelta(0)
    if notice is None or remaining <= dt.timedelta(0):
        return {"status": Status.FAILED, "error_code": "too_late"}
    try:
        sent = sms_sender().send(
            to=message.number,
            text=notice.text,
            valid_for_seconds=int(remaining.total_seconds()),
            reference=message.pk,
            line=line_of(message.kind),
        )
    except SmsRefused as refusal:
        return {"status": Status.FAILED, "error_code": refusal.code}
    except SmsUnknownOutcome:
        return {"status": Status.UNKNOWN}
    except SmsBusy:
        return {"status": Status.QUEUED, "next_try_at": at + retry_delay(message.tries)}
    except Exception as error:  # a sender's own fault must not stop the messages behind this one
        log.error("sms.sender_failed", sms_id=str(message.pk), error=type(error).__name__)
        return {"status": Status.UNKNOWN, "error_code": "sender_failed"}
    return {"status": Status.SENT, "provider_id": sent.provider_id}


def retry_delay(tries: int) -> dt.timedelta:
    doublings: int = 2 ** min(tries - 1, 10)
    return min(FIRST_RETRY * doublings, LONGEST_RETRY)


def _notice(message: SmsMessage, at: dt.datetime) -> SmsNotice | None:
    if message.about_id is not None:
        return sms_notices().notice(kind=message.kind, about_id=message.about_id, number=message.number, at=at)
    if message.kind == Kind.PHONE_CHANGED:
        return SmsNotice(phone_changed_text(), message.created_at + NOTICE_LIFETIME)
    code = message.code
    if code is None or code.closed_at is not None or code.expires_at is None or code.expires_at <= at:
        return None
    make_text = _CODE_TEXTS.get(message.kind, sign_in_code_text)
    minutes = int(settings.OTP_LIFETIME.total_seconds()) // 60
    text = make_text(unmask(code.otp, binding_of(code), keys=settings.OTP_KEYS), minutes=minutes)
    return SmsNotice(text, code.expires_at)


def _record(message: SmsMessage, changes: dict[str, Any], at: dt.datetime) -> None:
    """Only a message still being sent changes: the provider's callback may have come first and said more."""
    SmsMessage.objects.filter(pk=message.pk, status=Status.SENDING).update(**changes, status_at=at)
