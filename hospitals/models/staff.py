from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.models import User
from core.db.fields import DbForeignKey, DbOneToOneField, EnumField, GenRandomUuid, NullableTextField, TransactionNow
from core.db.name_search import name_words
from core.privacy import privacy
from hospitals.models.hospital import Hospital
from hospitals.querysets import DoctorQuerySet, StaffImportQuerySet, StaffQuerySet


def _role(label: str) -> models.GeneratedField:
    """The role a table stands for, as a column: half of the composite foreign key to `users (id, role)`."""
    return models.GeneratedField(
        expression=models.Value(label), output_field=EnumField(enum_type="user_role"), db_persist=True
    )


class StaffMember(models.Model):
    """What doctors, pharmacists and hospital admins share. Lists select user and profile, so names cost no query."""

    user: DbOneToOneField
    hospital: DbForeignKey

    if TYPE_CHECKING:
        user_id: uuid.UUID
        hospital_id: uuid.UUID

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def full_name(self) -> str:
        """The profile's name; read it from a queryset `.with_names()`, else it queries."""
        profile = getattr(self.user, "profile", None)
        return profile.full_name if profile else ""


class Doctor(StaffMember):
    user = DbOneToOneField(User, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="doctor")
    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", related_name="doctors")
    specialty = NullableTextField(null=True, blank=True)
    role = _role("DOCTOR")

    privacy = privacy(safe="user hospital specialty role")

    objects = DoctorQuerySet.as_manager()

    class Meta:
        db_table = "doctors"
        db_table_comment = "Profile extension for users with the DOCTOR role."
        indexes = [
            models.Index(fields=["hospital"], name="doctors_hospital_idx"),
            models.Index(OpClass(Upper("specialty"), "text_pattern_ops"), name="doctors_specialty_idx"),
            GinIndex(name_words("specialty"), name="doctors_specialty_words_idx", fastupdate=False),
        ]


class Pharmacist(StaffMember):
    user = DbOneToOneField(User, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="pharmacist")
    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", related_name="pharmacists")
    pharmacy_name = NullableTextField(null=True, blank=True)
    role = _role("PHARMACIST")

    privacy = privacy(safe="user hospital pharmacy_name role")

    objects = StaffQuerySet.as_manager()

    class Meta:
        db_table = "pharmacists"
        db_table_comment = "Profile extension for users with the PHARMACIST role."


class HospitalAdmin(StaffMember):
    user = DbOneToOneField(
        User, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="hospital_admin"
    )
    hospital = DbForeignKey(Hospital, models.PROTECT, db_on_delete="RESTRICT", related_name="admins")
    role = _role("HOSPITAL_ADMIN")

    privacy = privacy(safe="user hospital role")

    objects = StaffQuerySet.as_manager()

    class Meta:
        db_table = "hospital_admins"
        db_table_comment = "Profile extension for users with the HOSPITAL_ADMIN role."


class StaffImport(models.Model):
    """A file of staff that was checked, and waits to be confirmed or added. `rows` is emptied when it is over."""

    class State(models.TextChoices):
        CHECKED = "checked", "checked"
        QUEUED = "queued", "waiting to be added"
        DONE = "done", "added"
        REFUSED = "refused", "refused"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    hospital = DbForeignKey(Hospital, models.CASCADE, db_on_delete="CASCADE", related_name="+")
    created_by = DbForeignKey(User, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(db_default=TransactionNow())
    state = models.TextField(choices=State.choices, db_default=State.CHECKED)
    # As `hospitals.staff.csv_file.StaffLine`: the line and the cells.
    rows = models.JSONField()
    people = models.IntegerField()
    finished_at = models.DateTimeField(null=True)

    privacy = privacy(sensitive="rows", safe="id hospital created_by created_at state people finished_at")

    objects = StaffImportQuerySet.as_manager()

    if TYPE_CHECKING:
        hospital_id: uuid.UUID

    class Meta:
        db_table = "staff_imports"
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="queued"), name="staff_imports_queued_idx"),
            models.Index(fields=["hospital"], name="staff_imports_hospital_idx"),
            models.Index(fields=["created_by"], name="staff_imports_created_by_idx"),
        ]

    def __str__(self) -> str:
        return f"staff import {self.pk}"
