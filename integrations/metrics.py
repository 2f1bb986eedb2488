"""What an operator's alarms watch of what vendors do for us, read from the database: workers work, and web is asked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.db.models import Count, Max, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from integrations.calcom.inbound.drift import persisting_drifts
from integrations.calcom.schedules.publisher import push_due
from integrations.models import BookingLookup, CalConnection, CalLink, CalWebhook, SubscriptionCheck, SyncRun
from integrations.vapi.numbers import assistant_figures

COUNTED_FOR = dt.timedelta(days=1)


class VendorFigures:
    """A collector. Without figures when the database does not answer: an alarm should watch for their absence too."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # else collected at registration, before there is a database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from (*mirror_figures(at=timezone.now()), *assistant_figures(at=timezone.now()))
        except DatabaseError:
            return


def mirror_figures(*, at: dt.datetime) -> list[GaugeMetricFamily]:
    """Eight small queries."""
    figures = [_repaired(at), _pull_ages(at)]
    waiting = CalWebhook.objects.filter(status=CalWebhook.Status.PENDING).count()
    lookups = BookingLookup.objects.aggregate(all=Count("pk"), due=Count("due_at"))
    links = CalLink.objects.aggregate(
        unsent=Count("pk", filter=push_due()),
        differing=Count("pk", filter=Q(drift__isnull=False)),
        broken=Count("pk", filter=Q(problem__isnull=False)),
    )
    connecting = CalConnection.objects.filter(state=CalConnection.State.FAILED).count()
    check = SubscriptionCheck.objects.order_by("-pk").first()
    single = {
        "wardbook_calcom_drift_persisting": (persisting_drifts(), "Bookings that differ after two repairs. Alarm."),
        "wardbook_calcom_webhooks_waiting": (waiting, "Stored webhooks not applied yet."),
        "wardbook_calcom_lookups_waiting": (lookups["due"], "Bookings to ask Cal.com about."),
        "wardbook_calcom_lookups_given_up": (lookups["all"] - lookups["due"], "Look-ups that were given up."),
        "wardbook_calcom_schedules_unsent": (links["unsent"], "Doctors' hours that Cal.com does not have yet."),
        "wardbook_calcom_schedules_differing": (links["differing"], "Schedules that Cal.com shows otherwise. Alarm."),
        "wardbook_calcom_links_broken": (links["broken"], "Doctors to be connected to Cal.com again. Alarm."),
        "wardbook_calcom_connections_failed": (connecting, "Doctors who could not be connected."),
        "wardbook_calcom_subscription_problems": (
            len(check.problems) + bool(check.error) if check else 0,
            "What is wrong with our webhook subscription. Alarm.",
        ),
    }
    return figures + [GaugeMetricFamily(name, text, value=value) for name, (value, text) in single.items()]


def _repaired(at: dt.datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily("wardbook_calcom_repaired_last_day", "What pulls repaired in 24 h.", labels=["kind"])
    total: Counter[str] = Counter()
    for repaired in SyncRun.objects.filter(started_at__gt=at - COUNTED_FOR).values_list("repaired", flat=True):
        total.update(repaired)
    for kind, count in total.items():
        family.add_metric([kind], count)
    return family


def _pull_ages(at: dt.datetime) -> GaugeMetricFamily:
    """Alarm when the pull by time of change is older than an hour."""
    family = GaugeMetricFamily("wardbook_calcom_pull_age_seconds", "Since the last good pull.", labels=["kind"])
    done = SyncRun.objects.filter(finished_at__isnull=False, error__isnull=True)
    for kind, latest in done.values_list("kind").annotate(Max("started_at")):
        family.add_metric([kind], (at - latest).total_seconds())
    return family
