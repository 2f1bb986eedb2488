from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.user import User
from core.db.fields import DbForeignKey, GenRandomUuid, TransactionNow
from core.privacy import privacy


class StaffMail(models.Model):
    """One mail we were asked to send to a member of staff. Address, text and link are made when it is sent.

    Without a user it is for nobody, and is deleted where it would be sent: a reset asked for an unknown email takes
    the same work as for a known one.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "link to set a first password"
        RESET = "reset", "link to set a new password"

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField(choices=Kind.choices)
    user = DbForeignKey(User, models.CASCADE, db_on_delete="CASCADE", null=True, related_name="+")
    status = models.TextField(choices=Status.choices, db_default=Status.QUEUED)
    created_at = models.DateTimeField(db_default=TransactionNow())
    status_at = models.DateTimeField(db_default=TransactionNow())
    next_try_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)

    privacy = privacy(safe="id kind user status created_at status_at next_try_at tries")

    class Meta:
        db_table = "staff_mails"
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="queued"), name="staff_mails_queued_idx"),
            models.Index(fields=["user"], name="staff_mails_user_idx"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"
