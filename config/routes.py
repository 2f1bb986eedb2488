"""The route of a request, for logs and metrics: the pattern of its address, without the ids and tokens in it."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import Resolver404, resolve

STATIC, UNKNOWN = "static", "unknown"
# Answered without the rest of the program, and so in no list of addresses.
OPERATORS = ("/healthz", "/readyz", "/metrics")


def route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        # Answered before it reached a view: refused, redirected, or straight through.
        try:
            match = resolve(request.path_info)
        except Resolver404:
            if request.path_info in OPERATORS:
                return request.path_info
            return STATIC if request.path_info.startswith("/static/") else UNKNOWN
    return f"/{match.route}"
