"""How long this app's rows are kept."""

from __future__ import annotations

import datetime as dt

from accounts.own_data.retention import RowRule, Rows
from config.models import IdempotencyKey


def _keys(before: dt.datetime) -> Rows:
    return IdempotencyKey.objects.filter(created_at__lte=before).order_by("created_at", "pk")


RULES = (RowRule("idempotency_keys", IdempotencyKey, _keys),)
