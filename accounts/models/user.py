from __future__ import annotations

import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.password_validation import validate_password
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.roles import Role, StaffKind, staff_kind
from core.db.fields import DbForeignKey, DbOneToOneField, EnumField, GenRandomUuid, NullableTextField, TransactionNow
from core.db.name_search import name_words
from core.privacy import privacy
from core.times import zone_or_utc


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Emails sign in whatever their case."""
        return self.get(email__iexact=username)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A platform operator: no hospital, and no role. Raises: ValidationError, for a password that is too weak."""
        user = self.model(email=email.strip(), is_superuser=True, **fields)
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):  # type: ignore[django-manager-missing]  # the token library has no types
    """Everyone who signs in: patients by phone, staff by email, platform operators as superusers without a role."""

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    phone = NullableTextField(null=True, blank=True)
    role = EnumField(enum_type="user_role", choices=Role.choices, null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    email = NullableTextField(null=True, blank=True, db_comment="Email for staff members")
    password = models.CharField(  # type: ignore[assignment]  # NULL for patients
        max_length=255,
        null=True,
        blank=True,
        db_column="password_hash",
        db_comment="Bcrypt hashed password for staff members",
    )
    hospital = DbForeignKey(
        "hospitals.Hospital",
        models.PROTECT,
        db_on_delete="",
        null=True,
        blank=True,
        related_name="+",
        db_comment="Hospital association for staff members",
    )
    password_temp = models.BooleanField(
        null=True, db_default=False, db_comment="Indicates if password is temporary and requires change"
    )
    force_password_change = models.BooleanField(
        null=True, db_default=False, db_comment="Forces password change on next login"
    )
    last_login = models.DateTimeField(null=True, blank=True, db_comment="Timestamp of last successful login")
    login_attempts = models.IntegerField(null=True, db_default=0, db_comment="Number of failed login attempts")
    lockout_until = models.DateTimeField(null=True, blank=True, db_comment="Timestamp until which account is locked")

    auth_user_id = models.UUIDField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(db_default=True)
    is_superuser = models.BooleanField(db_default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # A temporary password that another program set has none of ours.
    temporary_password_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    second_factor_since = models.DateTimeField(null=True, blank=True, editable=False)

    privacy = privacy(
        sensitive="phone email password last_login auth_user_id",
        safe="id role created_at hospital password_temp force_password_change login_attempts lockout_until"
        " is_active is_superuser password_changed_at temporary_password_expires_at second_factor_since",
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    if TYPE_CHECKING:
        hospital_id: uuid.UUID | None
        profile: Profile
        patient: Patient

    class Meta:
        db_table = "users"
        constraints = [
            models.UniqueConstraint(fields=["phone"], name="users_phone_key"),
            models.UniqueConstraint(fields=["email"], name="users_email_key"),
            models.UniqueConstraint(Lower("email"), name="users_email_any_case_key"),
            models.UniqueConstraint(fields=["auth_user_id"], name="users_auth_user_id_key"),
            # Targets of the role tables' composite foreign keys.
            models.UniqueConstraint(fields=["id", "hospital"], name="users_id_hospital_id_key"),
            models.UniqueConstraint(fields=["id", "role"], name="users_id_role_key"),
            models.CheckConstraint(
                condition=Q(role__isnull=False) | Q(is_superuser=True), name="users_role_unless_superuser"
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="idx_users_phone"),
            models.Index(fields=["email"], name="idx_users_email"),
            models.Index(OpClass("phone", "text_pattern_ops"), name="users_phone_beginning_idx"),
            models.Index(OpClass(Lower("email"), "text_pattern_ops"), name="users_email_beginning_idx"),
            # Only who failed of late is in it.
            models.Index(
                fields=["hospital", "lockout_until"],
                condition=Q(lockout_until__isnull=False),
                name="users_locked_idx",
            ),
        ]

    def __str__(self) -> str:
        """Never a name or a number: this text reaches logs and error pages."""
        return f"{self.role or 'operator'} {self.pk}"

    def hospital_zone(self) -> zoneinfo.ZoneInfo:
        """The zone a member of staff reads times in: the hospital's; UTC where that has none."""
        return zone_or_utc(self.hospital.time_zone if self.hospital else None)

    @property
    def is_patient(self) -> bool:
        return bool(self.role == Role.PATIENT)

    @property
    def is_doctor(self) -> bool:
        return bool(self.role == Role.DOCTOR)

    @property
    def is_pharmacist(self) -> bool:
        return bool(self.role == Role.PHARMACIST)

    @property
    def is_hospital_admin(self) -> bool:
        return bool(self.role == Role.HOSPITAL_ADMIN)

    @property
    def staff_kind(self) -> StaffKind | None:
        return staff_kind(self.role)

    @property
    def is_operator(self) -> bool:
        return self.is_superuser and self.role is None

    @property
    def is_staff(self) -> bool:
        """May enter the browser admin (Django's name for it)."""
        return self.is_hospital_admin or self.is_operator

    @property
    def has_second_factor(self) -> bool:
        return self.second_factor_since is not None

    @property
    def must_change_password(self) -> bool:
        return bool(self.password_temp or self.force_password_change)

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        from accounts.permissions import has_django_permission

        return has_django_permission(self, perm)

    def has_perms(self, perm_list: list[str] | tuple[str, ...], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        from accounts.permissions import has_django_module_permission

        return has_django_module_permission(self, app_label)


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
        indexes = [GinIndex(name_words(), name="profiles_search_words_idx", fastupdate=False)]

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
