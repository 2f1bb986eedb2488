from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from config.tracing import WithoutPersonalData

DJANGO = "opentelemetry.instrumentation.django"


@pytest.fixture
def captured() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    provider, memory = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(WithoutPersonalData(memory)))
    yield provider, memory
    provider.shutdown()


def test_a_span_keeps_what_is_on_the_list_only(captured: tuple[TracerProvider, InMemorySpanExporter]) -> None:
    provider, memory = captured
    with provider.get_tracer(DJANGO).start_as_current_span("GET api/v1/doctors/") as span:
        span.set_attribute("http.route", "api/v1/doctors/")
        span.set_attribute("http.status_code", 200)
        span.set_attribute("http.url", "https://wardbook.test/api/v1/doctors/?search=Paula")
        span.set_attribute("db.statement", "SELECT '436601234567'")
        span.set_attribute("of.a.later.version", "Paula")
        span.record_exception(ValueError("Paula"))
        span.set_status(Status(StatusCode.ERROR, "ValueError: Paula"))
    (sent,) = memory.get_finished_spans()
    assert sent.name == "GET api/v1/doctors/"
    assert dict(sent.attributes or {}) == {"http.route": "api/v1/doctors/", "http.status_code": 200}
    assert (sent.events, sent.status.status_code, sent.status.description) == ((), StatusCode.ERROR, None)
    assert sent.context == span.get_span_context()


@pytest.mark.parametrize(
    ("scope", "name", "sent"),
    [
        (DJANGO, "GET /no/route/Paula", "GET"),
        ("opentelemetry.instrumentation.celery", "run/integrations.send_sms", "run/integrations.send_sms"),
        ("opentelemetry.instrumentation.psycopg", "SELECT paula", "SELECT"),
        ("opentelemetry.instrumentation.redis", "GET sessions:paula", "GET"),
        ("of another", "436601234567", "unnamed"),
    ],
)
def test_a_name_is_a_route_a_task_or_one_word(
    captured: tuple[TracerProvider, InMemorySpanExporter], scope: str, name: str, sent: str
) -> None:
    provider, memory = captured
    provider.get_tracer(scope).start_span(name).end()
    assert [span.name for span in memory.get_finished_spans()] == [sent]


def test_no_instrumentation_is_loaded_where_it_is_off() -> None:
    loaded = "[name for name in sys.modules if name.startswith('opentelemetry.instrumentation')]"
    program = f"import django, sys; django.setup(); print({loaded})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
