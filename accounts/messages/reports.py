"""What the provider reports later of a message: doubled, late and out of order."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.messages.send_sms import NOTICES
from accounts.models import SmsMessage
from accounts.ports import COUNTRY_NOT_SERVED, STOPPED

Status = SmsMessage.Status
# A report only ever takes a message further; that it arrived is the last word.
_FURTHER = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.FAILED, Status.DELIVERED)
_NEVER_SENT = ("too_late", COUNTRY_NOT_SERVED)


@transaction.atomic
def record_sms_report(
    *, reference: uuid.UUID | None, provider_id: str, status: SmsMessage.Status, error_code: str | None, at: dt.datetime
) -> bool:
    """Take the report in; whether it told anything new.

    `reference` finds a message whose sending was not answered in time, or not yet: it had no provider's id then.
    """
    ours = Q(provider_id=provider_id)
    if reference is not None:
        ours |= Q(pk=reference, provider_id=None)
    earlier = _FURTHER[: _FURTHER.index(status)]
    message = SmsMessage.objects.select_for_update().filter(ours, status__in=earlier).first()
    if message is None:
        return False
    message.status, message.status_at = status, at
    message.provider_id, message.error_code = provider_id, error_code
    message.save(update_fields=["status", "status_at", "provider_id", "error_code"])
    return True


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
