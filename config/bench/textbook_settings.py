"""The textbook's views where ours would stand."""

from __future__ import annotations

from config.bench.settings import *  # noqa: F403

ROOT_URLCONF = "config.bench.textbook"
