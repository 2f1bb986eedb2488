"""JSON that is nested so deeply that nothing of ours could write it down, or name it in a message."""

from __future__ import annotations

from typing import Any

import orjson

# orjson reads 1024 levels and writes 254; Python's own `str` ends a little behind. What people send has a handful.
DEEPEST = 254


def is_too_deep(parsed: Any, body: bytes) -> bool:
    """Whether `parsed`, read from `body`, is deeper. Bodies with few brackets, nearly all, cost no trial."""
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    try:
        orjson.dumps(parsed)
    except TypeError:
        return True
    return False
