from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class WardbookAdminConfig(AdminConfig):
    default_site = "config.admin_site.WardbookAdminSite"


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the system checks)
        from config.checks import secure_tables

        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from config import tracing

            tracing.start(settings.OTEL_EXPORTER_OTLP_ENDPOINT)
        # post_migrate is sent once per app; this app is the last of ours, so every table exists when it runs.
        post_migrate.connect(secure_tables, sender=self)
