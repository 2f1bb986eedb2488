from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.calcom.schedules.problem_texts import reason_text
from integrations.calcom.setup.contract_check import check_contract, differences_of, findings_of


class Command(BaseCommand):
    help = "Ask Cal.com, changing nothing, whether it still is what we rely on; exit code 1 when something differs."

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_contract(at=timezone.now(), purpose="setup")
        if check.error:
            raise CommandError(f"Cal.com could not be checked. {reason_text(check.error)}")
        for finding in findings_of(check):
            self.stdout.write(f"{finding.name}: {finding.text}")
        if differing := len(differences_of(check)):
            raise CommandError(f"{differing} of {len(check.findings)} differ.")
