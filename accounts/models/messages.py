from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.codes import OneTimeCode
from accounts.models.user import User
from core.db.fields import DbForeignKey, GenRandomUuid, NullableTextField, TransactionNow
from core.privacy import privacy


class SmsMessage(models.Model):
    """One text message we were asked to send. Its text is made when it is sent, and never stored.

    `about_id` is what a notice is about; another app keeps it, and makes the text (`accounts.ports.SmsNotices`).
    """

    class Kind(models.TextChoices):
        SIGN_IN_CODE = "sign_in_code", "sign-in code"
        PHONE_CODE = "phone_code", "code for a new number"
        PHONE_CHANGED = "phone_changed", "notice of a changed number"
        ERASE_CODE = "erase_code", "code to ask for erasure"
        REMINDER = "reminder", "reminder"
        VISIT_CANCELLED = "visit_cancelled", "notice of a cancelled visit"
        VISIT_TO_MOVE = "visit_to_move", "request to choose another time"
        VISIT_STAYS = "visit_stays", "notice that a visit stays as booked"
        VISIT_REASSIGNED = "visit_reassigned", "notice of another doctor"

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed"
        UNKNOWN = "unknown", "outcome unknown"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField(choices=Kind.choices)
    number = models.TextField()
    code = DbForeignKey(OneTimeCode, models.SET_NULL, db_on_delete="SET NULL", null=True, related_name="+")
    about_id = models.UUIDField(null=True)
    status = models.TextField(choices=Status.choices, db_default=Status.QUEUED)
    provider_id = models.TextField(null=True)
    error_code = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())
    status_at = models.DateTimeField(db_default=TransactionNow())
    next_try_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)

    privacy = privacy(
        sensitive="number",
        safe="id kind code about_id status provider_id error_code created_at status_at next_try_at tries",
    )

    class Meta:
        db_table = "sms_messages"
        constraints = [models.UniqueConstraint(fields=["provider_id"], name="sms_messages_provider_id_key")]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="queued"), name="sms_messages_queued_idx"),
            models.Index(fields=["number", "created_at"], name="sms_messages_number_idx"),
            # Codes are removed daily, and each removal looks for the messages that point to it.
            models.Index(fields=["code"], condition=Q(code__isnull=False), name="sms_messages_code_idx"),
            models.Index(fields=["created_at"], include=["kind", "status", "error_code"], name="sms_messages_time_idx"),
        ]

    def __str__(self) -> str:
        return f"sms {self.pk}"


class StaffMail(models.Model):
    """One mail we were asked to send to a member of staff. Address, text and link are made when it is sent.

    Without a user it is for nobody, and is deleted where it would be sent: a reset asked for an unknown email takes
    the same work as for a known one.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "link to set a first password"
        RESET = "reset", "link to set a new password"
        EMAIL_CHANGED = "email_changed", "notice to the address before"

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField(choices=Kind.choices)
    user = DbForeignKey(User, models.CASCADE, db_on_delete="CASCADE", null=True, related_name="+")
    # Where it goes if not to the user's own address; emptied once it is sent or given up.
    address = NullableTextField(null=True)
    status = models.TextField(choices=Status.choices, db_default=Status.QUEUED)
    created_at = models.DateTimeField(db_default=TransactionNow())
    status_at = models.DateTimeField(db_default=TransactionNow())
    next_try_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)

    privacy = privacy(sensitive="address", safe="id kind user status created_at status_at next_try_at tries")

    class Meta:
        db_table = "staff_mails"
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="queued"), name="staff_mails_queued_idx"),
            models.Index(fields=["user"], name="staff_mails_user_idx"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"
