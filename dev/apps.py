from __future__ import annotations

from django.apps import AppConfig


class DevConfig(AppConfig):
    """Installed by the local and test settings only; the image does not hold it, and nothing imports it."""

    name = "dev"
    verbose_name = "Development"
