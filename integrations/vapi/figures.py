"""What an operator's alarms watch of the assistant, read from the database."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q
from prometheus_client.core import GaugeMetricFamily

from clinical.models import ChatMessage
from integrations.models import CalWebhook, VapiEvent

EVENTS_COUNTED_FOR = dt.timedelta(days=1)
CHATS_COUNTED_FOR = dt.timedelta(hours=1)


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
