"""Codes asked for by the minute and country, for the hourly ceilings and the alarms that watch them."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Sum

from accounts.models import SendTally
from core.rate_windows import HOUR, MINUTE

ALL = "all"

_ADD = """
INSERT INTO send_tallies (scope, minute, sends) VALUES (%s, %s, 1)
ON CONFLICT (scope, minute) DO UPDATE SET sends = send_tallies.sends + 1
"""


def add_send(scope: str, *, at: dt.datetime) -> None:
    """Add one to the minute's tally, which stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [scope, at.replace(second=0, microsecond=0)])


def tallies(scope: str, *, at: dt.datetime) -> dict[dt.datetime, int]:
    """What one scope's last hour holds, by the minute."""
    rows = SendTally.objects.filter(scope=scope, minute__gt=at - HOUR - MINUTE)
    return dict(rows.values_list("minute", "sends"))


def sends_by_scope(*, at: dt.datetime) -> dict[str, int]:
    """Every scope's sends in the last hour."""
    rows = SendTally.objects.filter(minute__gt=at - HOUR - MINUTE).values("scope")
    return dict(rows.annotate(total=Sum("sends")).order_by("scope").values_list("scope", "total"))
