from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.own_data.retention import apply_retention, count_due


class Command(BaseCommand):
    help = (
        "Remove or scrub what has been kept long enough (`RETENTION` in the settings), and say how many rows of each "
        "kind. The worker does the same each hour."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        counts = count_due(at=now) if options["dry_run"] else apply_retention(at=now)
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write("Nothing was changed." if options["dry_run"] else "Done.")
