from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from integrations.restored_dump import settle_restored_dump


class Command(BaseCommand):
    help = (
        "Run once after restoring a dump, before any worker starts: nothing that was queued then is sent again, and"
        " bookings are looked up in Cal.com. Says how many of each were given up; patients of notices that were given"
        " up may not know that a visit was cancelled or given to a colleague."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in settle_restored_dump(at=timezone.now()).items():
            self.stdout.write(f"{kind.replace('_', ' ')}: {count}")
