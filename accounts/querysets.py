from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.permissions import Permission, has_permission

if TYPE_CHECKING:
    from accounts.models import User


class AccessEventQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """A patient reads who opened or changed their record; a hospital admin, what concerns the own hospital;
        an operator, all of it, though by itself it names no patient to them (`hospitals.access_log.reading`).
        """
        if not user.is_active:
            return self.none()
        if user.is_patient:
            return self.filter(patient_id=user.pk)
        if not has_permission(user, Permission.VIEW_ACCESS_LOG):
            return self.none()
        if user.is_operator:
            return self
        return self.filter(hospital_id=user.hospital_id) if user.hospital_id else self.none()


class BreakGlassQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """An operator's own; nobody else's."""
        return self.filter(operator=user.pk) if user.is_operator and user.is_active else self.none()

    def active(self, *, at: dt.datetime) -> Self:
        return self.filter(ended_at__isnull=True, started_at__lte=at, expires_at__gt=at)
