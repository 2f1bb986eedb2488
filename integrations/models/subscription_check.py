from __future__ import annotations

from django.db import models

from core.db.fields import NullableTextField, TransactionNow
from core.privacy import privacy


class SubscriptionCheck(models.Model):
    """What one look at our webhook subscription in Cal.com found; `problems` are codes, none is well."""

    id = models.BigAutoField(primary_key=True)
    checked_at = models.DateTimeField(db_default=TransactionNow())
    problems = models.JSONField(default=list)
    # Cal.com could not be asked.
    error = NullableTextField(null=True)

    privacy = privacy(safe="id checked_at problems error")

    class Meta:
        db_table = "calcom_subscription_checks"

    def __str__(self) -> str:
        return f"subscription check {self.pk}"
