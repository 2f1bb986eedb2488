from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospitals.models import Doctor
from integrations.calcom.api.errors import CalcomError
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.schedules.problem_texts import reason_text
from integrations.calcom.setup.connect_doctor import CannotConnect, connect_doctor


class Command(BaseCommand):
    help = "Connect doctors to Cal.com: user, schedule, event type. Can be run again after a failure."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("doctor", nargs="*", help="ids; without any, every active doctor without a link")

    def handle(self, *args: Any, **options: Any) -> None:
        doctors = Doctor.objects.active().filter(user__is_active=True)
        doctors = (
            doctors.filter(pk__in=options["doctor"])
            if options["doctor"]
            else doctors.filter(cal_link__cal_event_type_id__isnull=True)
        )
        client, failed = calcom_client(), 0
        try:
            for doctor in doctors.order_by("pk"):
                try:
                    connect_doctor(doctor.pk, client)
                except CannotConnect as refusal:
                    failed += 1
                    self.stderr.write(f"{doctor.pk}: {reason_text(refusal.code)}")
                except CalcomError as error:
                    failed += 1
                    self.stderr.write(f"{doctor.pk}: {error}")
                else:
                    self.stdout.write(f"{doctor.pk}: connected")
        finally:
            client.close()
        if failed:
            raise CommandError(f"{failed} not connected.")
