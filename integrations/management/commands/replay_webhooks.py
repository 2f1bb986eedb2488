from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.calcom.inbound.replay import replay_webhooks, replayable, webhooks_between
from integrations.models import CalWebhook

LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class Command(BaseCommand):
    help = "Apply stored webhooks of Cal.com again: by number, by time of receipt, or those that failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--id", type=int, action="append", default=[], help="a webhook's number; repeatable")
        parser.add_argument("--from", dest="first", help="received at this time or later, e.g. 2026-03-01T08:00Z")
        parser.add_argument("--to", dest="last", help="received at this time or earlier; without it, until now")
        parser.add_argument("--failed", action="store_true", help="only those that failed")
        parser.add_argument("--dry-run", action="store_true", help="say how many, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = self._chosen(options)
        total = rows.count()
        if options["dry_run"]:
            self.stdout.write(f"{total} would be applied again")
            return

        def say(done: int) -> None:
            self.stdout.write(f"{done} of {total}")

        done = replay_webhooks(rows, by=None, at=timezone.now(), progress=say)
        self.stdout.write(f"{done} will be applied again by the worker")

    def _chosen(self, options: dict[str, Any]) -> QuerySet[CalWebhook]:
        if options["id"]:
            rows = replayable(CalWebhook.objects.filter(pk__in=options["id"]))
            return rows.filter(status=CalWebhook.Status.FAILED) if options["failed"] else rows
        if not (options["first"] or options["last"] or options["failed"]):
            raise CommandError("Say which: --id, --from and --to, or --failed.")
        first = _moment(options["first"], "--from") if options["first"] else LONG_AGO
        last = _moment(options["last"], "--to") if options["last"] else timezone.now()
        return webhooks_between(first, last, only_failed=options["failed"])


def _moment(text: str, name: str) -> dt.datetime:
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"{name}: {text} is no time. Hint: 2026-03-01T08:00Z")
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
