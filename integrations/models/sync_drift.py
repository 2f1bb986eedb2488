from __future__ import annotations

from django.db import models

from core.db.fields import TransactionNow
from core.privacy import privacy


class SyncDrift(models.Model):
    """A booking that still differs after what Cal.com says was applied. Gone as soon as both agree."""

    uid = models.TextField(primary_key=True)
    kinds = models.JSONField(default=list)
    first_seen_at = models.DateTimeField(db_default=TransactionNow())
    last_seen_at = models.DateTimeField(db_default=TransactionNow())
    seen = models.IntegerField(db_default=1)

    privacy = privacy(sensitive="uid", safe="kinds first_seen_at last_seen_at seen")

    class Meta:
        db_table = "sync_drifts"

    def __str__(self) -> str:
        return "drift"
