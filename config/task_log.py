"""Each task of a worker: the id of the request that woke it, in each line that it logs, and what is counted of it."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_init
from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from core.request_ids import request_id_bound, request_id_from

TASKS = Counter("wardbook_tasks", "Tasks that were run to their end.", ["task", "outcome"])
SECONDS = Histogram(
    "wardbook_task_seconds", "How long a task took, in seconds.", ["task"], buckets=(0.01, 0.1, 0.5, 1, 5, 10, 30, 60)
)
# The metrics library's own variable: where it is set, all processes of a machine are added up.
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

# A child runs one task at a time.
_running = contextlib.ExitStack()
_began = 0.0


@task_prerun.connect
def _begin(task: Any, **_: Any) -> None:
    global _began
    _began = time.perf_counter()
    _running.enter_context(request_id_bound(request_id_from(_given_id(task.request))))


def _given_id(request: Any) -> str | None:
    """Headers of a message become fields of its own; those of a task that is run in place stay together."""
    given: str | None = getattr(request, "request_id", None) or (request.headers or {}).get("request_id")
    return given


@task_postrun.connect
def _end(task: Any, state: str | None = None, **_: Any) -> None:
    name = str(task.name).partition(".")[2] or task.name
    SECONDS.labels(name).observe(time.perf_counter() - _began)
    TASKS.labels(name, str(state).lower()).inc()
    _running.close()


@worker_init.connect
def _serve_metrics(**_: Any) -> None:
    """What the children of this worker counted, at a port of its own: a worker answers no HTTP otherwise."""
    if settings.WORKER_METRICS_PORT and os.environ.get(SHARED_DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        start_http_server(settings.WORKER_METRICS_PORT, registry=registry)
