"""What this app holds about a patient."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from accounts.models import User
from accounts.own_data.registry import Held, NothingMore
from config.models import IdempotencyKey


class ConfigData(NothingMore):
    held: ClassVar = {
        "idempotency_keys": Held(because="random keys that the app made for its own requests, gone after a day"),
    }

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        return {"idempotency_keys": IdempotencyKey.objects.filter(owner_id=user.pk).delete()[0]}
