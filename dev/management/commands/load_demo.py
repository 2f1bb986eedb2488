"""`manage.py load_demo [--reset]`"""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from dev.demo.load import Demo, DemoRefused, empty, is_empty, load
from dev.demo.progress import lines, progress, write_signins


class Command(BaseCommand):
    help = "Fill an empty database with two hospitals that do not exist. Development only."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="first delete everything but the access log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"]:
                empty()
            demo = self._load()
        except DemoRefused as refusal:
            raise CommandError(str(refusal)) from None
        for line in lines(demo):
            self.stdout.write(line)

    def _load(self) -> Demo:
        if not is_empty():
            raise DemoRefused(_("There are hospitals already: nothing was loaded. --reset replaces everything."))
        with progress(sys.stdout) as report:
            demo = load(at=timezone.now(), report=report)
        write_signins(settings.VAR_DIR / "demo_signins.txt", demo)
        return demo
