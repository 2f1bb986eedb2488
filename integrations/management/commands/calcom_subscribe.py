from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.calcom.errors import CalcomError
from integrations.calcom.service import calcom_client
from integrations.calcom.subscription import ensure_subscription


class Command(BaseCommand):
    help = "Make or repair our one webhook subscription in Cal.com."

    def handle(self, *args: Any, **options: Any) -> None:
        client = calcom_client()
        try:
            outcome = ensure_subscription(client)
        except CalcomError as error:
            raise CommandError(f"Cal.com did not take the subscription: {error}") from None
        finally:
            client.close()
        self.stdout.write(f"webhook subscription {outcome}")
