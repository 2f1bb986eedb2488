"""`/metrics`, for internal addresses: what this process counted, what the database knows of ceilings and vendors.

These figures are read from PostgreSQL at each scrape, so they are true whatever process answers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.codes.limits import ALL, sends_by_scope
from config import heartbeats
from config.health import is_internal
from config.task_log import SHARED_DIRECTORY
from integrations.figures import VendorFigures
from integrations.queues import QueueFigures


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not is_internal(request):
        return HttpResponse(status=404)
    return HttpResponse(_counted() + generate_latest(_ceilings), content_type=CONTENT_TYPE_LATEST)


def _counted() -> bytes:
    if not os.environ.get(SHARED_DIRECTORY):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class _Ceilings:
    """Without the figures when the database does not answer: an alarm should watch for their absence too."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # else collected at registration, before there is a database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sends = GaugeMetricFamily("wardbook_sms_last_hour", "Codes asked for in the last hour.", labels=["scope"])
        used = GaugeMetricFamily("wardbook_sms_ceiling_used", "Share of the hourly ceiling used.", labels=["scope"])
        try:
            counted = {ALL: 0} | sends_by_scope(at=timezone.now())
        except DatabaseError:
            return
        for scope, number in counted.items():
            ceiling = settings.SMS_IN_ALL_AN_HOUR if scope == ALL else settings.SMS_PER_COUNTRY_AN_HOUR
            sends.add_metric([scope], number)
            used.add_metric([scope], number / ceiling if ceiling else 1)
        yield from (sends, used)


class _Background:
    """Workers and beat by their heartbeats, and the age of the last backup."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _backup_age()
        alive = GaugeMetricFamily(
            "wardbook_workers_alive", "Processes at work: of a queue, or beat.", labels=["serves"]
        )
        ages = GaugeMetricFamily(
            "wardbook_heartbeat_age_seconds", "Since a process was at work; negative: a clock jumped.", labels=["node"]
        )
        try:
            processes = heartbeats.processes()
        except DatabaseError:
            return
        for served in (*settings.CELERY_TASK_QUEUES, heartbeats.BEAT):
            alive.add_metric([served], sum(served in one.serves and one.is_alive for one in processes))
        for process in processes:
            ages.add_metric([process.node], process.age.total_seconds())
        yield from (alive, ages)


def _backup_age() -> Iterator[GaugeMetricFamily]:
    if settings.BACKUP_STAMP:
        try:
            age = time.time() - Path(settings.BACKUP_STAMP).stat().st_mtime
        except OSError:
            return  # an alarm watches for its absence
        yield GaugeMetricFamily("wardbook_backup_age_seconds", "Since the last backup; negative: a clock jumped.", age)


_ceilings = CollectorRegistry()
for _figures in (_Ceilings(), VendorFigures(), QueueFigures(), _Background()):
    _ceilings.register(_figures)
