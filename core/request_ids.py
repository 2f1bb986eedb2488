"""The id of a request: in its answer, in each line that is logged for it, and in the tasks that it wakes.

Kept in structlog's own context, so that no line has to name it.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator

import structlog

HEADER = "X-Request-ID"
_KEY = "request_id"
# What a client or a proxy sends is written to logs as it is.
_VALID = re.compile(r"[0-9A-Za-z-]{16,64}")


def request_id_from(given: str | None) -> str:
    """The one that was sent with the request, if it is one; else a new one."""
    return given if given and _VALID.fullmatch(given) else uuid.uuid4().hex


def current_request_id() -> str:
    """Empty outside of requests and tasks."""
    return str(structlog.contextvars.get_contextvars().get(_KEY, ""))


@contextlib.contextmanager
def request_id_bound(request_id: str) -> Iterator[None]:
    tokens = structlog.contextvars.bind_contextvars(**{_KEY: request_id})
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)
