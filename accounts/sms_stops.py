from __future__ import annotations

from django.conf import settings

from accounts.models import SmsMessage
from accounts.ports import COUNTRY_NOT_SERVED, STOPPED
from accounts.sms_lines import NOTICES

_NEVER_SENT = ("too_late", COUNTRY_NOT_SERVED)


def has_stopped_sms(number: str | None) -> bool:
    """Whether the number's owner has told the provider to send no codes, as far as our last message knows.

    Reminders have a sender of their own, and notices may have, so a STOP to them says nothing here.
    """
    if not number:
        return False
    tried = SmsMessage.objects.filter(number=number, status__in=["sent", "delivered", "failed"])
    # Not those that we gave up ourselves: they never reached the provider.
    others = [SmsMessage.Kind.REMINDER, *(NOTICES if settings.SMS_NOTICES_APART else ())]
    told = tried.exclude(error_code__in=_NEVER_SENT).exclude(kind__in=others).order_by("-created_at", "-id")
    return told.values_list("error_code", flat=True).first() == STOPPED
