"""Settings that load with no environment at all: for the type checker and other tools that never connect."""

from __future__ import annotations

import os

os.environ.setdefault("DATABASE_URL", "postgres://nobody:nothing@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from config.settings.test import *  # noqa: F403
