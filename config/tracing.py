"""Traces by OpenTelemetry, off unless OTEL_EXPORTER_OTLP_ENDPOINT says where they go (`docs/adr/0017-traces.md`).

Instrumentations put what they see into spans: addresses with ids and queries, statements, texts of errors. So spans
leave through a list of what they may say. Imported only where traces are on: the libraries cost memory and time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

# Both spellings of OpenTelemetry's conventions. Nothing that was typed, nor an address below the route.
SAID = frozenset(
    {
        *("http.request.method", "http.method", "http.route", "http.response.status_code", "http.status_code"),
        *("db.system", "db.system.name", "db.name", "db.namespace", "db.redis.database_index"),
        *("server.address", "server.port", "net.peer.name", "net.peer.port"),
        *("celery.action", "celery.state", "messaging.destination", "messaging.destination.name"),
        "error.type",
    }
)
# `GET`, `GET api/v1/me/`, `SELECT`, `run/integrations.send_sms`; of statements and commands the first word.
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_NAMED_BY_US = ("opentelemetry.instrumentation.django", "opentelemetry.instrumentation.celery")


class WithoutPersonalData(SpanExporter):
    """Passes spans on, reduced to `SAID`: no events, which hold texts of errors, and no status text."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_reduced(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _reduced(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=_name(span),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in SAID},
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name(span: ReadableSpan) -> str:
    """Django's hold the route, Celery's the task. A request without a route is named by its method alone."""
    scope = span.instrumentation_scope.name if span.instrumentation_scope else ""
    has_route = not scope.endswith("django") or "http.route" in (span.attributes or {})
    if scope in _NAMED_BY_US and has_route:
        return span.name
    word = _FIRST_WORD.match(span.name)
    return word.group() if word else "unnamed"


def start(endpoint: str) -> None:
    """Called once in each process, before its first request. Processes that it forks go on by themselves."""
    provider = TracerProvider(resource=Resource.create({"service.name": "wardbook"}))
    exporter = WithoutPersonalData(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    for instrumentor in (
        DjangoInstrumentor(),
        PsycopgInstrumentor(),
        CeleryInstrumentor(),
        RequestsInstrumentor(),
        RedisInstrumentor(),
    ):
        instrumentor.instrument(tracer_provider=provider)
