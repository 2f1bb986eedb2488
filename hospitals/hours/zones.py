from __future__ import annotations

import zoneinfo

from hospitals.models import Hospital


def zone_of(hospital: Hospital) -> zoneinfo.ZoneInfo | None:
    """The hospital's zone. None for none, and for a name that another program may have written into the table."""
    try:
        return zoneinfo.ZoneInfo(hospital.time_zone) if hospital.time_zone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
