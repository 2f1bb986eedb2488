from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class AccessEventQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """A patient reads who opened or changed their record; nobody else reads the log this way."""
        return self.filter(patient_id=user.pk) if user.is_patient and user.is_active else self.none()


class BreakGlassQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """An operator's own; nobody else's."""
        return self.filter(operator=user.pk) if user.is_operator and user.is_active else self.none()

    def active(self, *, at: dt.datetime) -> Self:
        return self.filter(ended_at__isnull=True, started_at__lte=at, expires_at__gt=at)
