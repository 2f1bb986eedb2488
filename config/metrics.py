"""`/metrics`, for internal addresses: what this process counted, what the database knows of ceilings and vendors.

These figures are read from PostgreSQL at each scrape, so they are true whatever process answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.codes.limits import ALL, sends_by_scope
from config.health import is_internal
from integrations.figures import VendorFigures

# The metrics library's own variable: where it is set, all processes of a machine are added up.
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


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


_ceilings = CollectorRegistry()
_ceilings.register(_Ceilings())
_ceilings.register(VendorFigures())
