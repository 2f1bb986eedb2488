"""How far behind what vendors told us is, the mirror of the booking calendar above all, in figures that name nobody."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db.models import Count, F, Max, Min, Q, QuerySet, Value
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from clinical.models import ChatMessage
from hospitals.models import Doctor
from integrations.calcom.inbound.drift import PERSISTS_AFTER, persisting_drifts
from integrations.calcom.schedules.problem_texts import reason_text
from integrations.calcom.schedules.publisher import push_due
from integrations.calcom.setup.contract_check import STALE_AFTER, Finding, differences_of
from integrations.calcom.setup.subscription import PROBLEM_TEXTS
from integrations.models import (
    BookingLookup,
    CalConnection,
    CalLink,
    CalWebhook,
    ContractCheck,
    SubscriptionCheck,
    SyncDrift,
    SyncRun,
    VapiEvent,
)
from integrations.vapi.numbers import assistant_figures

if TYPE_CHECKING:
    from accounts.models import User


# Older failures have been seen; counting them all would read the whole table.
FAILURES_COUNTED_FOR = dt.timedelta(days=7)
CHATS_COUNTED_FOR = dt.timedelta(days=1)
COUNTED_FOR = dt.timedelta(days=1)
# What keeps us out of Cal.com altogether.
KEY_PROBLEMS = ("calcom_admin_api", "calcom_key")


@dataclass(frozen=True, slots=True)
class HealthFigures:
    """Webhooks and pulls are the whole platform's: they belong to no hospital. Doctors are those the user may see."""

    webhooks_waiting: int
    waiting_since: dt.datetime | None
    webhooks_failed: int
    calls_failed: int
    chats_unanswered: int
    schedules_behind: int
    doctors_not_connected: int
    last_pull: SyncRun | None
    drifts_persisting: int
    lookups_given_up: int
    last_check: SubscriptionCheck | None
    # An operator's matter, and None for everybody else.
    contract: ContractHealth | None

    @property
    def is_fine(self) -> bool:
        return not (
            self.key_problem
            or (self.contract and not self.contract.is_fine)
            or self.webhooks_failed
            or self.schedules_behind
            or self.doctors_not_connected
            or self.drifts_persisting
            or self.subscription_problems
        )

    @property
    def is_assistant_fine(self) -> bool:
        return not (self.calls_failed or self.chats_unanswered)

    @property
    def problems(self) -> list[str]:
        """What cannot be said by a number, a sentence each."""
        differences = self.contract.differences if self.contract else []
        found = [self.key_problem, *self.subscription_problems, *(f"{one.name}: {one.text}" for one in differences)]
        return [one for one in found if one]

    @property
    def key_problem(self) -> str:
        """Why Cal.com does not let us in, in words; empty where the last pull and the last checks were let in."""
        contract = self.contract.last if self.contract else None
        errors = {one.error for one in (self.last_pull, self.last_check, contract) if one is not None}
        return next((reason_text(code) for code in KEY_PROBLEMS if code in errors), "")

    @property
    def subscription_problems(self) -> list[str]:
        """In words."""
        return [str(PROBLEM_TEXTS.get(code, code)) for code in self.last_check.problems] if self.last_check else []


@dataclass(frozen=True, slots=True)
class ContractHealth:
    """The last standing check of all that we rely on in Cal.com."""

    last: ContractCheck | None
    is_stale: bool

    @property
    def is_fine(self) -> bool:
        return not (self.is_stale or (self.last and self.last.error) or self.differences)

    @property
    def differences(self) -> list[Finding]:
        return differences_of(self.last) if self.last else []


def _contract_health(at: dt.datetime) -> ContractHealth:
    last = ContractCheck.objects.order_by("-pk").first()
    return ContractHealth(last, is_stale=last is not None and at - last.checked_at > STALE_AFTER)


def health_figures(user: User, *, at: dt.datetime) -> HealthFigures:
    """Four queries, five for an operator, each by an index or of a table that is small when all is well."""
    failures = {"status": CalWebhook.Status.FAILED, "received_at__gte": at - FAILURES_COUNTED_FOR}
    unanswered = ChatMessage.objects.filter(
        state=ChatMessage.State.FAILED, kind=ChatMessage.Kind.MESSAGE, asked_at__gte=at - CHATS_COUNTED_FOR
    )
    counted = _count_together(
        waiting=(CalWebhook.objects.filter(status=CalWebhook.Status.PENDING), "received_at"),
        failed=(CalWebhook.objects.filter(**failures), "received_at"),
        calls_failed=(VapiEvent.objects.filter(**failures), "received_at"),
        chats=(unanswered, "asked_at"),
        drifts=(SyncDrift.objects.filter(seen__gte=PERSISTS_AFTER), "first_seen_at"),
        given_up=(BookingLookup.objects.filter(due_at__isnull=True), "due_at"),
    )
    doctors = Doctor.objects.for_user(user).aggregate(
        behind=Count("pk", filter=out_of_step("cal_link__")),
        not_connected=Count("pk", filter=Q(user__is_active=True, cal_link__isnull=True)),
    )
    return HealthFigures(
        webhooks_waiting=counted["waiting"][0],
        waiting_since=counted["waiting"][1],
        webhooks_failed=counted["failed"][0],
        calls_failed=counted["calls_failed"][0],
        chats_unanswered=counted["chats"][0],
        schedules_behind=doctors["behind"],
        doctors_not_connected=doctors["not_connected"],
        last_pull=SyncRun.objects.order_by("-pk").first(),
        drifts_persisting=counted["drifts"][0],
        lookups_given_up=counted["given_up"][0],
        last_check=SubscriptionCheck.objects.order_by("-pk").first(),
        contract=_contract_health(at) if user.is_operator else None,
    )


def _count_together(**sets: tuple[QuerySet[Any], str]) -> dict[str, tuple[int, dt.datetime | None]]:
    """How many rows each has, and the earliest of their moments, in one statement."""
    first, *others = (
        rows.order_by()
        .annotate(what=Value(what))
        .values("what")
        .annotate(Count("pk"), Min(moment))
        .values_list("what", "pk__count", f"{moment}__min")
        for what, (rows, moment) in sets.items()
    )
    none: dict[str, tuple[int, dt.datetime | None]] = dict.fromkeys(sets, (0, None))
    return none | {what: (count, earliest) for what, count, earliest in first.union(*others, all=True)}


def out_of_step(path: str = "") -> Q:
    """`CalLink.is_in_step`, turned round, for the database; `path` leads to the link, as lookups do."""
    wanted, pushed = f"{path}wanted_hash", f"{path}pushed_hash"
    unsent = Q(**{f"{wanted}__isnull": False}) & (Q(**{f"{pushed}__isnull": True}) | ~Q(**{pushed: F(wanted)}))
    return unsent | Q(**{f"{path}drift__isnull": False}) | Q(**{f"{path}problem__isnull": False})


class VendorFigures:
    """A collector. Without figures when the database does not answer: an alarm should watch for their absence too."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # else collected at registration, before there is a database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from (*mirror_figures(at=timezone.now()), *assistant_figures(at=timezone.now()))
        except DatabaseError:
            return


def mirror_figures(*, at: dt.datetime) -> list[GaugeMetricFamily]:
    """Nine small queries."""
    figures = [_repaired(at), _pull_ages(at)]
    waiting = CalWebhook.objects.filter(status=CalWebhook.Status.PENDING).count()
    lookups = BookingLookup.objects.aggregate(all=Count("pk"), due=Count("due_at"))
    links = CalLink.objects.aggregate(
        unsent=Count("pk", filter=push_due()),
        differing=Count("pk", filter=Q(drift__isnull=False)),
        broken=Count("pk", filter=Q(problem__isnull=False)),
    )
    connecting = CalConnection.objects.filter(state=CalConnection.State.FAILED).count()
    check = SubscriptionCheck.objects.order_by("-pk").first()
    contract = _contract_health(at)
    single = {
        "wardbook_calcom_drift_persisting": (persisting_drifts(), "Bookings that differ after two repairs. Alarm."),
        "wardbook_calcom_webhooks_waiting": (waiting, "Stored webhooks not applied yet."),
        "wardbook_calcom_lookups_waiting": (lookups["due"], "Bookings to ask Cal.com about."),
        "wardbook_calcom_lookups_given_up": (lookups["all"] - lookups["due"], "Look-ups that were given up."),
        "wardbook_calcom_schedules_unsent": (links["unsent"], "Doctors' hours that Cal.com does not have yet."),
        "wardbook_calcom_schedules_differing": (links["differing"], "Schedules that Cal.com shows otherwise. Alarm."),
        "wardbook_calcom_links_broken": (links["broken"], "Doctors to be connected to Cal.com again. Alarm."),
        "wardbook_calcom_connections_failed": (connecting, "Doctors who could not be connected."),
        "wardbook_calcom_subscription_problems": (
            len(check.problems) + bool(check.error) if check else 0,
            "What is wrong with our webhook subscription. Alarm.",
        ),
        "wardbook_calcom_contract_differences": (
            len(contract.differences) + bool(contract.is_stale or (contract.last and contract.last.error)),
            "What in Cal.com is not as we rely on, or a check that did not come to its end. Alarm.",
        ),
    }
    return figures + [GaugeMetricFamily(name, text, value=value) for name, (value, text) in single.items()]


def _repaired(at: dt.datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily("wardbook_calcom_repaired_last_day", "What pulls repaired in 24 h.", labels=["kind"])
    total: Counter[str] = Counter()
    for repaired in SyncRun.objects.filter(started_at__gt=at - COUNTED_FOR).values_list("repaired", flat=True):
        total.update(repaired)
    for kind, count in total.items():
        family.add_metric([kind], count)
    return family


def _pull_ages(at: dt.datetime) -> GaugeMetricFamily:
    """Alarm when the pull by time of change is older than an hour."""
    family = GaugeMetricFamily("wardbook_calcom_pull_age_seconds", "Since the last good pull.", labels=["kind"])
    # Those of a clock that was ahead would hide for as long that there are none.
    done = SyncRun.objects.filter(finished_at__isnull=False, error__isnull=True, started_at__lte=at)
    for kind, latest in done.values_list("kind").annotate(Max("started_at")):
        family.add_metric([kind], (at - latest).total_seconds())
    return family
