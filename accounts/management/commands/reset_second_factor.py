from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.staff_sign_in.password import staff_with_email
from accounts.staff_sign_in.second_factor import reset_second_factor


class Command(BaseCommand):
    help = "Remove the second factor of one who lost phone and recovery codes: the way back for an operator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = staff_with_email(email)
        if user is None:
            raise CommandError("Nobody signs in with this email.")
        reset_second_factor(user=user, by=None, at=timezone.now())
        self.stdout.write("Removed. Where one is needed, the next sign-in asks to add it.")
