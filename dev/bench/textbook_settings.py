"""The textbook's views where ours would stand."""

from __future__ import annotations

from dev.bench.settings import *  # noqa: F403

ROOT_URLCONF = "dev.bench.textbook"
