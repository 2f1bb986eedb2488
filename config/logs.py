"""Logs: one line per event, names and ids only. Lines for people in development, JSON in production."""

from __future__ import annotations

import logging.config
import re
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog

# What PostgreSQL says after the first line of an error: the row, and the statement with its values.
_DETAIL = re.compile(r"(\n|\\n)?(DETAIL|CONTEXT|LINE \d+):.*", re.DOTALL)
_DATABASES = ("psycopg", "django.db")


def exception_text(error: BaseException) -> str:
    """The traceback, as Python prints it, without what a database tells of rows."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{exception_text(cause)}\n\n" if cause else ""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    said = _first_line(str(error)) if kind.startswith(_DATABASES) else without_details(str(error))
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}Traceback (most recent call last):\n{lines}{kind}: {said}"


def _first_line(text: str) -> str:
    """Up to the value that it quotes: `invalid input syntax for type uuid: "..."`."""
    return text.partition("\n")[0].partition(': "')[0]


def without_details(text: str) -> str:
    return _DETAIL.sub("", text)


def _add_exception(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = exception_text(error)
    return event


def _without_rows_and_paths(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Libraries log the texts of errors, and Django the paths of requests, which hold ids and tokens of links."""
    text = without_details(str(event.get("event", "")))
    request: Any = getattr(event.get("_record"), "request", None)
    if hasattr(request, "resolver_match"):
        from config.routes import route_of

        text = text.replace(request.path, route_of(request))
    event["event"] = text
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_exception,
]


def configure(settings: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: called once, when Django is set up, with `LOGGING`."""
    logging.config.dictConfig(settings)
    if settings.get("crashes_are_events"):
        sys.excepthook = _log_crash
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Loggers are not kept as first used: tests capture logs, and nothing here logs in a tight loop.
        cache_logger_on_first_use=False,
    )


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a program is one event, as everything else is, and not one a line of its traceback."""
    if issubclass(kind, Exception):
        logging.getLogger("wardbook").critical("crashed", exc_info=(kind, error, trace))
    else:
        sys.__excepthook__(kind, error, trace)


def logging_settings(*, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING. urllib3 stays at INFO: at DEBUG it prints addresses, and with them booking uids."""
    console = structlog.dev.ConsoleRenderer(colors=False)
    renderer = structlog.processors.JSONRenderer() if as_json else console
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "crashes_are_events": as_json,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, _without_rows_and_paths],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "urllib3": {"level": "INFO"},
            # Its INFO names every message in full.
            "twilio.http_client": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
