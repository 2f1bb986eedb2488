"""How far the mirror of the booking calendar is behind, in figures that name nobody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Min, Q

from hospitals.models import Doctor
from integrations.calcom.drift import persisting_drifts
from integrations.calcom.subscription import PROBLEM_TEXTS
from integrations.models import BookingLookup, CalLink, CalWebhook, SubscriptionCheck, SyncRun

if TYPE_CHECKING:
    from accounts.models import User

# Older failures have been seen; counting them all would read the whole table.
FAILURES_COUNTED_FOR = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class HealthFigures:
    """Webhooks and pulls are the whole platform's: they belong to no hospital. Doctors are those the user may see."""

    webhooks_waiting: int
    waiting_since: dt.datetime | None
    webhooks_failed: int
    schedules_behind: int
    doctors_not_connected: int
    last_pull: SyncRun | None
    drifts_persisting: int
    lookups_given_up: int
    last_check: SubscriptionCheck | None

    @property
    def is_fine(self) -> bool:
        return not (
            self.webhooks_failed
            or self.schedules_behind
            or self.doctors_not_connected
            or self.drifts_persisting
            or self.subscription_problems
        )

    @property
    def subscription_problems(self) -> list[str]:
        """In words."""
        return [str(PROBLEM_TEXTS.get(code, code)) for code in self.last_check.problems] if self.last_check else []


def health_figures(user: User, *, at: dt.datetime) -> HealthFigures:
    """Eight queries, each by an index or of a table that is small when all is well."""
    waiting = CalWebhook.objects.filter(status=CalWebhook.Status.PENDING).aggregate(
        count=Count("pk"), since=Min("received_at")
    )
    failed = CalWebhook.objects.filter(
        status=CalWebhook.Status.FAILED, received_at__gte=at - FAILURES_COUNTED_FOR
    ).count()
    doctors = Doctor.objects.for_user(user)
    return HealthFigures(
        webhooks_waiting=waiting["count"],
        waiting_since=waiting["since"],
        webhooks_failed=failed,
        schedules_behind=CalLink.objects.filter(out_of_step(), doctor__in=doctors).count(),
        doctors_not_connected=doctors.active().filter(cal_link__isnull=True).count(),
        last_pull=SyncRun.objects.order_by("-pk").first(),
        drifts_persisting=persisting_drifts(),
        lookups_given_up=BookingLookup.objects.filter(due_at__isnull=True).count(),
        last_check=SubscriptionCheck.objects.order_by("-pk").first(),
    )


def out_of_step() -> Q:
    """`CalLink.is_in_step`, turned round, for the database."""
    return Q(wanted_hash__isnull=False) & (Q(pushed_hash__isnull=True) | ~Q(pushed_hash=F("wanted_hash")))
