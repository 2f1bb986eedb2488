"""The Celery application. Messages are wake-ups only: the database is the queue (see `docs/architecture.md`)."""

from __future__ import annotations

from typing import Any

from celery import Celery

from config.startup_errors import require_settings_module, run_or_explain


class Wardbook(Celery):
    def _load_config(self) -> Any:
        """Settings are first read here: what is missing is said in plain lines, and the program ends."""
        run_or_explain(require_settings_module)
        return run_or_explain(super()._load_config)


app = Wardbook("wardbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
