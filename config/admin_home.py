"""The portal's first page: a hospital admin's day, or an operator's platform."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.agenda.figures import day_figures, month_figures
from config.home_chart import chart_of
from hospitals.models import Hospital
from hospitals.staff.search import locked_staff
from integrations.health_figures import health_figures


def home_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the index."""
    user, at = request.user, timezone.now()
    if not isinstance(user, User):
        return context
    context |= {
        "hospitals_without_zone": _without_zone(user),
        "can_set_zone": has_permission(user, Permission.MANAGE_HOSPITALS),
        "health": health_figures(user, at=at),
        "locked": locked_staff(user, at=at),
    }
    # Figures are a hospital admin's; broken glass opens records, not the day of several hospitals in one.
    if user.hospital_id and has_permission(user, Permission.VIEW_APPOINTMENTS, hospital=user.hospital_id):
        zone = zone_of_page()
        day, month = day_figures(user, at=at, zone=zone), month_figures(user, at=at, zone=zone)
        context |= {
            "day": day,
            "month": month,
            "chart": chart_of(month.days),
            "median_wait": _duration(day.prescriptions.median_wait, at=at),
            "longest_wait": _duration(day.prescriptions.longest_wait, at=at),
        }
    return context


def _without_zone(user: User) -> list[Hospital]:
    # An admin's own hospital came with the user.
    own = [user.hospital] if user.hospital else list(Hospital.objects.for_user(user))
    return [one for one in own if one.is_active and not one.time_zone]


def zone_of_page() -> zoneinfo.ZoneInfo:
    """The hospital's, set by `AdminPortalMiddleware`, or UTC."""
    return zoneinfo.ZoneInfo(timezone.get_current_timezone_name())


def _duration(wait: dt.timedelta | None, *, at: dt.datetime) -> str:
    return timesince(at - wait, at, depth=1) if wait is not None else ""
