from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from accounts.models.user import User
from core.db.fields import DbOneToOneField, EnumField, NullableTextField
from core.db.name_search import name_words
from core.privacy import privacy


class Profile(models.Model):
    """Name and picture, for every role. No row until a name is given."""

    user = DbOneToOneField(User, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="profile")
    full_name = models.TextField()
    profile_image_url = NullableTextField(null=True, blank=True)

    privacy = privacy(sensitive="full_name profile_image_url", safe="user")

    if TYPE_CHECKING:
        user_id: uuid.UUID

    class Meta:
        db_table = "profiles"
        db_table_comment = "Stores shared profile data like names and avatars for all user roles."
        indexes = [GinIndex(name_words(), name="profiles_name_words_idx", fastupdate=False)]

    def __str__(self) -> str:
        return f"profile {self.pk}"


class Patient(models.Model):
    """A patient; `time_zone` and `reminders_enabled` are the person's own choices."""

    user = DbOneToOneField(User, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="patient")
    date_of_birth = models.DateField(null=True, blank=True)
    role = models.GeneratedField(
        expression=models.Value("PATIENT"), output_field=EnumField(enum_type="user_role"), db_persist=True
    )
    time_zone = NullableTextField(null=True, blank=True)
    reminders_enabled = models.BooleanField(db_default=True)
    erasure_requested_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        sensitive="date_of_birth time_zone", safe="user role reminders_enabled erasure_requested_at erased_at"
    )

    if TYPE_CHECKING:
        user_id: uuid.UUID

    class Meta:
        db_table = "patients"
        db_table_comment = "Profile extension for users with the PATIENT role."

    def __str__(self) -> str:
        return f"patient {self.pk}"
