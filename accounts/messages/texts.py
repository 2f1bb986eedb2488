"""Texts of our messages: one GSM-7 segment, no name, nothing medical."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import SmsMessage
from accounts.ports import SmsLine

SEGMENT_CHARACTERS = 160
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


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


Kind = SmsMessage.Kind
# What staff decided about a visit.
NOTICES = (Kind.VISIT_CANCELLED, Kind.VISIT_TO_MOVE, Kind.VISIT_STAYS)


def line_of(kind: str) -> SmsLine:
    if kind == Kind.REMINDER:
        return SmsLine.REMINDERS
    return SmsLine.NOTICES if kind in NOTICES else SmsLine.ACCOUNT
