from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class AccessEventQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """A patient reads who opened or changed their record; nobody else reads the log this way."""
        return self.filter(patient_id=user.pk) if user.is_patient and user.is_active else self.none()
