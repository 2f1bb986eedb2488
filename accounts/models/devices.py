from __future__ import annotations

from django.db import models
from knox.models import AbstractAuthToken

from accounts.models.user import User
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy


class LoginDevice(models.Model):
    """A device a person has signed in from, by the hash of the secret it keeps: it has guess counters of its own.

    A patient's device keeps its token, expired ones too; `secret_hash` is the digest of the newest. While
    `stepped_up_at` is null, its tokens are limited.
    """

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    user = DbForeignKey(User, models.CASCADE, db_on_delete="CASCADE", related_name="login_devices")
    secret_hash = models.TextField()
    name = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=TransactionNow())
    last_seen_at = models.DateTimeField(db_default=TransactionNow())
    stepped_up_at = models.DateTimeField(null=True)

    privacy = privacy(sensitive="secret_hash name", safe="id user created_at last_seen_at stepped_up_at")

    class Meta:
        db_table = "login_devices"
        constraints = [models.UniqueConstraint(fields=["user", "secret_hash"], name="login_devices_user_secret_key")]

    def __str__(self) -> str:
        return f"device {self.pk}"


class DeviceToken(AbstractAuthToken):
    """A bearer token of the patient app: knox's, with the device it was given to."""

    public_id = models.UUIDField(db_default=GenRandomUuid(), editable=False)
    device_name = models.TextField(db_default="")
    last_used_at = models.DateTimeField(null=True)
    # Set at sign-in: the record stays closed to this token until more than the phone is proven.
    needs_step_up = models.BooleanField(db_default=False)

    privacy = privacy(
        sensitive="digest token_key device_name", safe="user created expiry public_id last_used_at needs_step_up"
    )

    class Meta:
        db_table = "device_tokens"
        constraints = [models.UniqueConstraint(fields=["public_id"], name="device_tokens_public_id_key")]

    def __str__(self) -> str:
        return f"token {self.public_id}"
