from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.access_log.seals import verify_chain


class Command(BaseCommand):
    help = (
        "Check that no sealed row of the access log was altered, removed or inserted. Ends with 1 if one was. "
        "Compare the last seal it prints with the newest `audit.sealed` in the logs: a chain whose end was cut "
        "off holds."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify_chain()
        if found.broken:
            raise CommandError(
                f"Seal {found.broken.seal_id} does not hold: {found.broken.what}. "
                f"The {found.seals} seals before it hold ({found.sealed_events} rows)."
            )
        last = f"; the last is {found.last.pk}, {found.last.digest}" if found.last else ""
        self.stdout.write(f"{found.seals} seals over {found.sealed_events} rows hold{last}.")
        self.stdout.write(f"{found.unsealed_events} rows wait for the next seal.")
