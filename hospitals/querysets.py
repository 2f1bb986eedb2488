"""Reads of hospitals and staff, scoped to what a person may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.models import Profile
from accounts.permissions import Permission, has_permission
from core.db.name_search import beginning_with, name_words

if TYPE_CHECKING:
    from accounts.models import User


class HospitalQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """Patients choose among all active hospitals; staff see their own; operators see all."""
        if not user.is_active:
            return self.none()
        if user.is_operator:
            return self
        if user.is_patient:
            return self.filter(is_active=True)
        if user.hospital_id is None:
            return self.none()
        return self.filter(pk=user.hospital_id)


class StaffImportQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """Those of one's own hospital for who may add staff there; operators see all."""
        if not has_permission(user, Permission.MANAGE_STAFF):
            return self.none()
        return self if user.is_operator else self.filter(hospital_id=user.hospital_id)


class StaffQuerySet(models.QuerySet[Any]):
    def for_user(self, user: User) -> Self:
        """Staff see the staff of their own hospital; operators all; patients none."""
        if not user.is_active:
            return self.none()
        if user.is_operator:
            return self
        if user.is_patient or user.hospital_id is None:
            return self.none()
        return self.filter(hospital_id=user.hospital_id)

    def active(self) -> Self:
        return self.filter(user__is_active=True)

    def with_names(self) -> Self:
        return self.select_related("user", "user__profile", "hospital")


class DoctorQuerySet(StaffQuerySet):
    def for_user(self, user: User) -> Self:
        """Beside what `StaffQuerySet` says: patients find every active doctor of an active hospital."""
        if user.is_patient and user.is_active:
            return self.filter(user__is_active=True, hospital__is_active=True)
        return super().for_user(user)

    def search(self, text: str) -> Self:
        """Doctors of whose name, or of whose specialty, each typed word begins a word. An empty text narrows nothing.

        Each half by its own index: an OR over two tables would go by neither.
        """
        words = beginning_with(text)
        if words is None:
            return self.none() if text else self
        every = self.model._default_manager.order_by()
        special = every.annotate(words=name_words("specialty")).filter(words=words)
        # From the names on: a doctor may have none, and an outer join would keep the index out.
        named = Profile.objects.annotate(words=name_words()).filter(words=words, user__doctor__isnull=False)
        return self.filter(pk__in=special.values("pk").union(named.values("pk")))
