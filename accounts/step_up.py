"""When a phone is not enough: a number may have a new owner. No database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownUse:
    """What is known of a device: when it was last used, and whether it ever proved more than the phone."""

    last_used_at: dt.datetime
    is_proven: bool


def needs_step_up(
    *, birth_date: dt.date | None, device: KnownUse | None, at: dt.datetime, unused_for: dt.timedelta
) -> bool:
    """Whether a device that has just proven the phone must prove the birth date too. None on file: nothing to ask."""
    if birth_date is None:
        return False
    return device is None or not device.is_proven or at - device.last_used_at >= unused_for
