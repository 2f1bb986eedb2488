"""Takes words and numbers of erased people out of what Vapi told. Which call it was stays, for late news of it."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from integrations.models import CalWebhook, VapiEvent

PENDING, PROCESSED = CalWebhook.Status.PENDING, CalWebhook.Status.PROCESSED
ERASED_NOTE = "The caller has been erased: nothing of it is kept."


def forget_call(call_id: str, *, at: dt.datetime) -> int:
    return forget(VapiEvent.objects.filter(call_id=call_id), at=at)


def forget_caller(phone: str, *, at: dt.datetime) -> int:
    """All that came from the number, in digits, whether or not a patient was found for it."""
    called = VapiEvent.objects.annotate(caller=KT("projection__caller"))
    return forget(called.filter(caller__in=[phone, f"+{phone}"]), at=at)


def forget(rows: QuerySet[VapiEvent], *, at: dt.datetime, limit: int | None = None) -> int:
    """How many. What waits is done with: no report is asked for any more.

    One that somebody else holds is left: who holds it looks for erased people next.
    """
    told = rows.exclude(projection={}).select_for_update(skip_locked=True).order_by("pk")
    ids = list(told.values_list("pk", flat=True)[:limit])
    found = VapiEvent.objects.filter(pk__in=ids)
    found.update(projection={}, notes=ERASED_NOTE, next_try_at=None)
    found.filter(status=PENDING).update(status=PROCESSED, processed_at=at)
    return len(ids)
