"""What of an error leaves the machine for Sentry: where it happened, not about whom."""

from __future__ import annotations

from typing import Any

from sentry_sdk.types import Event, Hint

# Everything else may name a person or open something: queries hold what was searched for and tokens of links.
_REQUEST_PARTS = ("method", "url")
_HEADERS = ("Accept", "Content-Length", "Content-Type", "Host", "User-Agent")
# Messages of breadcrumbs and logs' own fields hold addresses of vendors, keys of Redis and whole requests.
_DROPPED = ("breadcrumbs", "extra", "user")
_DATABASES = ("psycopg", "django.db")


def without_personal_data(event: Event, hint: Hint) -> Event:
    """Sentry's `before_send` and `before_send_transaction`."""
    report: dict[str, Any] = event  # type: ignore[assignment]  # a plain dictionary, whose keys are computed here
    for name in _DROPPED:
        report.pop(name, None)
    if "request" in report:
        report["request"] = _request(report["request"])
    for raised in report.get("exception", {}).get("values", ()):
        raised["value"] = _text(str(raised.get("module") or ""), str(raised.get("value") or ""))
    for span in report.get("spans", ()):
        span.pop("data", None)
        span.pop("description", None)
    return event


def _request(request: dict[str, Any]) -> dict[str, Any]:
    kept = {name: request[name] for name in _REQUEST_PARTS if name in request}
    if "url" in kept:
        kept["url"] = str(kept["url"]).partition("?")[0]
    headers = request.get("headers") or {}
    return kept | {"headers": {name: value for name, value in headers.items() if name.title() in _HEADERS}}


def _text(module: str, value: str) -> str:
    """Of a database's text its first line, up to the value it quotes: its DETAIL, LINE and CONTEXT hold the row."""
    if not module.startswith(_DATABASES):
        return value.partition("\nDETAIL:")[0]
    return value.partition("\n")[0].partition(': "')[0]
