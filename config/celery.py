"""The Celery application. Messages are wake-ups only: the database is the queue (see `docs/architecture.md`)."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from config.startup_errors import run_or_explain

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")


class Wardbook(Celery):
    def _load_config(self) -> Any:
        """Settings are first read here: what is missing is said in plain lines, and the program ends."""
        return run_or_explain(super()._load_config)


app = Wardbook("wardbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
