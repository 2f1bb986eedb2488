"""Logs: one line per event, names and ids only. Lines for people in development, JSON in production."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: dict[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`: called once, when Django is set up, with `LOGGING`."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Loggers are not kept as first used: tests capture logs, and nothing here logs in a tight loop.
        cache_logger_on_first_use=False,
    )


def logging_settings(*, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING. urllib3 stays at INFO: at DEBUG it prints addresses, and with them booking uids."""
    # The pretty tracebacks would print local variables, and with them whatever personal data they hold.
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    renderer = structlog.processors.JSONRenderer() if as_json else console
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *([structlog.processors.format_exc_info] if as_json else []),
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
