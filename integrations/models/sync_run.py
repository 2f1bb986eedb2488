from __future__ import annotations

from django.db import models

from core.db.fields import TransactionNow
from core.privacy import privacy


class SyncRun(models.Model):
    """One pull of bookings from Cal.com: the window it asked for, what it saw, what it had to repair by kind."""

    class Kind(models.TextChoices):
        UPDATED = "updated", "by time of change"
        WINDOW = "window", "by start"

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField(choices=Kind.choices)
    window_start = models.DateTimeField()
    window_end = models.DateTimeField(null=True)
    started_at = models.DateTimeField(db_default=TransactionNow())
    finished_at = models.DateTimeField(null=True)
    seen = models.IntegerField(db_default=0)
    repaired = models.JSONField(default=dict)
    error = models.TextField(null=True)
    # How far a pull by time of change came: the next begins there, less an overlap.
    reached_at = models.DateTimeField(null=True)
    unreadable = models.IntegerField(db_default=0)
    # Visits we have and Cal.com did not list; they stay, and are looked up.
    absent_there = models.IntegerField(db_default=0)

    privacy = privacy(
        safe="id kind window_start window_end started_at finished_at seen repaired error reached_at unreadable"
        " absent_there"
    )

    class Meta:
        db_table = "sync_runs"
        indexes = [models.Index(fields=["kind", "-started_at"], name="sync_runs_kind_started_idx")]

    def __str__(self) -> str:
        return f"pull {self.pk}"


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
