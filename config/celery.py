"""The Celery application. Messages are wake-ups only: the database is the queue (see `docs/architecture.md`)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("wardbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
