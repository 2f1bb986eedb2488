"""How long this app's rows are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Max
from django.utils import timezone

from accounts.own_data.retention import RowRule, Rows
from integrations.calcom.inbound.replay import scrub_bodies
from integrations.models import BookingLookup, CalWebhook, SubscriptionCheck, SyncRun, VapiEvent

PENDING = CalWebhook.Status.PENDING


def _bodies(before: dt.datetime) -> Rows:
    """One that still waits is work."""
    rows = CalWebhook.objects.filter(scrubbed_at__isnull=True, received_at__lte=before)
    return rows.exclude(status=PENDING).order_by("received_at", "pk")


def _scrub(ids: Sequence[Any]) -> None:
    scrub_bodies(ids, at=timezone.now())


def _vapi_events(before: dt.datetime) -> Rows:
    rows = VapiEvent.objects.filter(received_at__lte=before).exclude(status=PENDING)
    return rows.order_by("received_at", "pk")


def _lookups(before: dt.datetime) -> Rows:
    """Those that were given up."""
    return BookingLookup.objects.filter(due_at__isnull=True, queued_at__lte=before).order_by("queued_at", "pk")


def _runs(before: dt.datetime) -> Rows:
    """The last run of a kind says where the next begins, however old it is."""
    last = SyncRun.objects.values("kind").annotate(last=Max("pk"))
    reached = last.filter(reached_at__isnull=False)
    rows = SyncRun.objects.filter(started_at__lte=before)
    kept = {row["last"] for row in (*last, *reached)}
    return rows.exclude(pk__in=kept).order_by("pk")


def _checks(before: dt.datetime) -> Rows:
    last = SubscriptionCheck.objects.aggregate(last=Max("pk"))["last"]
    return SubscriptionCheck.objects.filter(checked_at__lte=before).exclude(pk=last).order_by("pk")


RULES = (
    RowRule("webhook_bodies", CalWebhook, _bodies, _scrub),
    RowRule("vapi_events", VapiEvent, _vapi_events),
    RowRule("booking_lookups", BookingLookup, _lookups),
    RowRule("sync_runs", SyncRun, _runs),
    RowRule("subscription_checks", SubscriptionCheck, _checks),
)
