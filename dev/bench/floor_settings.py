"""The bare views: the same Django, the same pool of connections, no middleware."""

from __future__ import annotations

from dev.bench.settings import *  # noqa: F403

ROOT_URLCONF = "dev.bench.urls"
MIDDLEWARE: list[str] = []  # type: ignore[no-redef]  # the import above has one too
