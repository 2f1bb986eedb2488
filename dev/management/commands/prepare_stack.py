"""`manage.py prepare_stack`: what `make run` does before the first program of the stack starts."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from dev.demo.load import is_empty, load
from dev.demo.progress import progress, write_signins


class Command(BaseCommand):
    help = "Migrate, and load the demo data where there are no hospitals yet. Development only."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_("Migrating the database ..."))
        call_command("migrate", verbosity=0, interactive=False)
        if not settings.DEBUG or not is_empty():
            self.stdout.write(_("The database has its data."))
            return
        with progress(sys.stdout) as report:
            demo = load(at=timezone.now(), report=report)
        write_signins(settings.VAR_DIR / "demo_signins.txt", demo)
        self.stdout.write(_("Demo data loaded."))
