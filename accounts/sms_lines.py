"""Which sender a message goes out by."""

from __future__ import annotations

from accounts.models import SmsMessage
from accounts.ports import SmsLine

Kind = SmsMessage.Kind

# What staff decided about a visit.
NOTICES = (Kind.VISIT_CANCELLED, Kind.VISIT_TO_MOVE, Kind.VISIT_STAYS)


def line_of(kind: str) -> SmsLine:
    if kind == Kind.REMINDER:
        return SmsLine.REMINDERS
    return SmsLine.NOTICES if kind in NOTICES else SmsLine.ACCOUNT
