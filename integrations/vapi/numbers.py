"""Whose phone a number is: a patient's who calls, or the hospital's that was called."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from prometheus_client.core import GaugeMetricFamily

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from clinical.models import ChatMessage
from core.phone_numbers import InvalidPhone, network_number, parse_phone
from integrations.models import CalWebhook, VapiEvent, VapiNumber

EVENTS_COUNTED_FOR = dt.timedelta(days=1)
CHATS_COUNTED_FOR = dt.timedelta(hours=1)


def digits_of(number: str | None) -> str | None:
    """The digits of a number in E.164, however it is spaced; None for one that is withheld or no number."""
    try:
        # Wherever they call from: which countries we send messages to is another matter.
        return parse_phone(number, countries=()) if number else None
    except InvalidPhone:
        return None


def network_digits(number: str | None) -> str | None:
    """The same of a number as a telephone network gives it."""
    try:
        return network_number(number, countries=settings.SMS_COUNTRIES) if number else None
    except InvalidPhone:
        return None


def hospital_called(number: str | None) -> uuid.UUID | None:
    """The hospital the assistant answers for at this number."""
    digits = network_digits(number)
    return VapiNumber.objects.filter(number=digits).values_list("hospital_id", flat=True).first() if digits else None


@transaction.atomic
def save_number(*, number: VapiNumber, by: User | None, at: dt.datetime) -> VapiNumber:
    """Keep a checked number. Calls that were before stay where they are. Raises: NotPermitted."""
    require(by, Permission.MANAGE_INTEGRATIONS)
    number.save()
    record_access(
        by=by,
        action=AccessAction.CHANGED_HOSPITAL,
        object_kind="hospital",
        object_id=number.hospital_id,
        hospital_id=number.hospital_id,
        reason="assistant_number",
    )
    return number


def assistant_figures(*, at: dt.datetime) -> list[GaugeMetricFamily]:
    """Three small queries, each by an index."""
    events = VapiEvent.objects
    is_due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=at)
    waiting = events.filter(is_due, status=CalWebhook.Status.PENDING).count()
    failed = events.filter(status=CalWebhook.Status.FAILED, received_at__gt=at - EVENTS_COUNTED_FOR).count()
    chats = ChatMessage.objects.filter(asked_at__gt=at - CHATS_COUNTED_FOR).aggregate(
        open=Count("pk", filter=Q(state__in=[ChatMessage.State.QUEUED, ChatMessage.State.SENT])),
        failed=Count("pk", filter=Q(state=ChatMessage.State.FAILED)),
    )
    single = {
        "wardbook_vapi_events_waiting": (waiting, "Messages about calls not dealt with yet."),
        "wardbook_vapi_events_failed_last_day": (failed, "Messages about calls that were given up in 24 h. Alarm."),
        "wardbook_chats_waiting": (chats["open"], "Patients' messages the assistant has not answered yet."),
        "wardbook_chats_failed_last_hour": (chats["failed"], "Patients' messages that got no answer in 1 h. Alarm."),
    }
    return [GaugeMetricFamily(name, text, value=value) for name, (value, text) in single.items()]
