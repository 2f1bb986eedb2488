"""Each request: its id, its line in the log, and what is counted of it. Never its path or query, which name people."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from config.routes import OPERATORS, STATIC, route_of
from core.request_ids import HEADER, request_id_bound, request_id_from

log = structlog.get_logger(__name__)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Asked every few seconds by machines.
UNLOGGED = (*OPERATORS, STATIC)
REQUESTS = Counter("wardbook_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "wardbook_http_request_seconds",
    "How long answering took, in seconds.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class RequestLogMiddleware:
    """The outermost: what is answered before the rest of the middleware runs has an id and a line, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_from(request.headers.get(HEADER))
        began = time.perf_counter()
        with request_id_bound(request_id):
            response = self.get_response(request)
            response[HEADER] = request_id
            _record(request, response, time.perf_counter() - began)
        return response


def _record(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = route_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(route).observe(seconds)
    if settings.ACCESS_LOG and route not in UNLOGGED:
        took_ms = round(seconds * 1000, 1)
        log.info("request", method=method, route=route, status=response.status_code, took_ms=took_ms)
