from __future__ import annotations

from accounts.models import SmsMessage
from accounts.ports import STOPPED


def has_stopped_sms(number: str | None) -> bool:
    """Whether the number's owner has told the provider to send no codes, as far as our last message knows.

    Reminders have a sender of their own, so a STOP to them says nothing here.
    """
    if not number:
        return False
    tried = SmsMessage.objects.filter(number=number, status__in=["sent", "delivered", "failed"])
    # Not those that we gave up ourselves: they never reached the provider.
    told = tried.exclude(error_code="too_late").exclude(kind=SmsMessage.Kind.REMINDER).order_by("-created_at", "-id")
    return told.values_list("error_code", flat=True).first() == STOPPED
