"""The portal's first page: a hospital admin's day, or an operator's platform."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.day_figures import day_figures
from hospitals.models import Hospital
from integrations.health_figures import health_figures


def home_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the index."""
    user, at = request.user, timezone.now()
    if not isinstance(user, User):
        return context
    without_zone = Hospital.objects.for_user(user).filter(Q(time_zone__isnull=True) | Q(time_zone=""), is_active=True)
    context |= {
        "hospitals_without_zone": list(without_zone),
        "can_set_zone": has_permission(user, Permission.MANAGE_HOSPITALS),
        "health": health_figures(user, at=at),
    }
    # Figures are a hospital admin's; broken glass opens records, not the day of several hospitals in one.
    if user.hospital_id and has_permission(user, Permission.VIEW_APPOINTMENTS, hospital=user.hospital_id):
        day = day_figures(user, at=at, zone=zone_of_page())
        context |= {
            "day": day,
            "median_wait": _duration(day.prescriptions.median_wait, at=at),
            "longest_wait": _duration(day.prescriptions.longest_wait, at=at),
        }
    return context


def zone_of_page() -> zoneinfo.ZoneInfo:
    """The hospital's, set by `AdminPortalMiddleware`, or UTC."""
    return zoneinfo.ZoneInfo(timezone.get_current_timezone_name())


def _duration(wait: dt.timedelta | None, *, at: dt.datetime) -> str:
    return timesince(at - wait, at, depth=1) if wait is not None else ""
