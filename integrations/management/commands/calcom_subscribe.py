from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.setup.subscription import PROBLEM_TEXTS, ensure_subscription, subscription_problems


class Command(BaseCommand):
    help = "Make or repair our one webhook subscription in Cal.com, or only say whether it is right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        client = calcom_client()
        try:
            if options["check"]:
                self._check(client)
            else:
                self.stdout.write(f"webhook subscription {ensure_subscription(client)}")
        except CalcomError as error:
            raise CommandError(f"Cal.com did not answer as it should: {error}") from None
        finally:
            client.close()

    def _check(self, client: CalcomClient) -> None:
        problems = subscription_problems(client)
        if problems:
            raise CommandError("\n".join(str(PROBLEM_TEXTS[code]) for code in problems))
        self.stdout.write("webhook subscription right")
