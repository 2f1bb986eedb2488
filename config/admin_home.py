"""The portal's first page: a hospital admin's day, or an operator's platform."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.agenda.figures import DayOutcomes, PrescriptionQueue, day_figures, month_figures
from clinical.visits.attention import ATTENTION_TEXTS, attention_counts
from config.installation.report import problems
from hospitals.models import Hospital
from hospitals.staff.search import LockedStaff, locked_staff
from integrations.figures import HealthFigures, health_figures

# Of a bar, in the drawing's own units; the page stretches it.
HEIGHT = 1000
# The pull from Cal.com runs each five minutes.
SYNC_IS_LATE_AFTER = dt.timedelta(minutes=30)
PHARMACY_IS_LATE_AFTER = dt.timedelta(hours=1)
# Patients will come and find no doctor, or two of them the same one.
_URGENT = {"overlap", "time_off", "deactivated"}


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a bar, from its top down."""

    kind: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    day: DayOutcomes
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Chart:
    """`ticks` are the numbers of visits at the top, the middle and the foot of the axis; the last bar is of today, and
    not over. `marks` are the days written below.
    """

    bars: Sequence[Bar]
    ticks: Sequence[float]
    marks: Sequence[dt.date]
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Need:
    """What needs attention: `tone` is `bad` or `warn`, `number` may end in a plus."""

    tone: str
    number: str
    text: Any
    address: str


def chart_of(days: Sequence[DayOutcomes]) -> Chart:
    top = round_up(max(day.total for day in days))
    bars = [Bar(day, list(_parts(day, top))) for day in days]
    return Chart(bars, ticks=(top, top / 2, 0), marks=[days[0].day, days[len(days) // 2].day, days[-1].day])


def round_up(number: int) -> int:
    """To a number that is easily read, not far above."""
    step = 10
    while True:
        for tenths in (10, 12, 15, 20, 30, 40, 50, 60, 80):
            if number <= step * tenths // 10:
                return step * tenths // 10
        step *= 10


def _parts(day: DayOutcomes, top: int) -> Iterator[Part]:
    """From the ground up. Heights are differences of rounded tops, so that no gap opens between two colours."""
    ground = 0
    for kind, count in (("kept", day.kept), ("cancelled", day.cancelled), ("missed", day.no_show)):
        if count:
            below, ground = ground, ground + count
            y, foot = HEIGHT - ground * HEIGHT // top, HEIGHT - below * HEIGHT // top
            yield Part(kind, y, foot - y)


def home_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the index."""
    user, at = request.user, timezone.now()
    if not isinstance(user, User):
        return context
    health, locked = health_figures(user, at=at), locked_staff(user, at=at)
    context |= {
        "hospitals_without_zone": _without_zone(user),
        "can_set_zone": has_permission(user, Permission.MANAGE_HOSPITALS),
        "health": health,
        "is_synced": _is_synced(health, at),
        "locked": locked,
    }
    if user.is_operator:
        context["installation_problems"] = problems()
    # Figures are a hospital admin's; broken glass opens records, not the day of several hospitals in one.
    if user.hospital_id and has_permission(user, Permission.VIEW_APPOINTMENTS, hospital=user.hospital_id):
        zone = zone_of_page()
        day, month = day_figures(user, at=at, zone=zone), month_figures(user, at=at, zone=zone)
        waits = day.prescriptions
        context |= {
            "day": day,
            "month": month,
            "chart": chart_of(month.days),
            "median_wait": _duration(waits.median_wait, at=at),
            "longest_wait": _duration(waits.longest_wait, at=at),
            "needs": [*_visits_needing(user, at), *_late_pharmacy(waits), *_behind(health), *_locked(locked)],
        }
    return context


def _is_synced(health: HealthFigures, at: dt.datetime) -> bool:
    pull = health.last_pull
    return health.is_fine and pull is not None and not pull.error and at - pull.started_at < SYNC_IS_LATE_AFTER


def _visits_needing(user: User, at: dt.datetime) -> Iterator[Need]:
    page = reverse("admin:clinical_appointment_attention")
    for kind, number in attention_counts(user, at=at).items():
        if number != "0":
            tone = "bad" if kind in _URGENT else "warn"
            yield Need(tone, number, ATTENTION_TEXTS[kind][0], f"{page}#{kind}")


def _late_pharmacy(waits: PrescriptionQueue) -> Iterator[Need]:
    if waits.longest_wait is not None and waits.longest_wait > PHARMACY_IS_LATE_AFTER:
        page = reverse("admin:clinical_prescription_changelist")
        yield Need("warn", str(waits.waiting), _("Prescriptions waiting, the longest for over an hour"), page)


def _behind(health: HealthFigures) -> Iterator[Need]:
    page = reverse("admin:integrations_callink_changelist")
    if health.doctors_not_connected:
        yield Need("warn", str(health.doctors_not_connected), _("Doctors not connected to Cal.com"), page)
    if health.schedules_behind:
        text = _("Doctors whose hours in Cal.com differ from those here")
        yield Need("warn", str(health.schedules_behind), text, f"{page}?hours=behind")


def _locked(locked: LockedStaff) -> Iterator[Need]:
    if locked.members:
        number = f"{len(locked.members)}{'+' if locked.has_more else ''}"
        yield Need("warn", number, _("Locked accounts"), "#locked")


def _without_zone(user: User) -> list[Hospital]:
    # An admin's own hospital came with the user.
    own = [user.hospital] if user.hospital else list(Hospital.objects.for_user(user))
    return [one for one in own if one.is_active and not one.time_zone]


def zone_of_page() -> zoneinfo.ZoneInfo:
    """The hospital's, set by `AdminPortalMiddleware`, or UTC."""
    return zoneinfo.ZoneInfo(timezone.get_current_timezone_name())


def _duration(wait: dt.timedelta | None, *, at: dt.datetime) -> str:
    return timesince(at - wait, at, depth=1) if wait is not None else ""
