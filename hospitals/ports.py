"""What this app needs from a booking calendar, without naming one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class PublishState:
    """How far the public calendar is behind a doctor's hours, in words for the doctor and the admin."""

    is_in_step: bool
    text: str


class SchedulePublisher(Protocol):
    def want(self, doctor_id: uuid.UUID) -> None:
        """Record, in the caller's transaction, that the doctor's hours changed. The push happens in a worker."""
        ...

    def state(self, doctor_id: uuid.UUID) -> PublishState: ...


def schedule_publisher() -> SchedulePublisher:
    return cast(SchedulePublisher, import_string(settings.SCHEDULE_PUBLISHER)())
