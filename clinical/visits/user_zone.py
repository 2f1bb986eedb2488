"""Which zone a member of staff reads times in."""

from __future__ import annotations

import zoneinfo

from accounts.models import User


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    """The zone of the user's hospital; UTC where none is set, or none that there is: the page names it."""
    hospital = user.hospital
    try:
        return zoneinfo.ZoneInfo((hospital.time_zone if hospital else None) or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
