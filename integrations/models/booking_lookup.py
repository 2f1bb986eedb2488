from __future__ import annotations

from django.db import models

from core.db.fields import NullableTextField, TransactionNow
from core.privacy import privacy


class BookingLookup(models.Model):
    """A uid that Cal.com must be asked about: what was told does not say enough.

    A row with `due_at` is work. One without was given up, and `last_error` says why; asking again revives it.
    """

    uid = models.TextField(primary_key=True)
    reason = models.TextField()
    queued_at = models.DateTimeField(db_default=TransactionNow())
    due_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)
    last_error = NullableTextField(null=True)

    privacy = privacy(sensitive="uid", safe="reason queued_at due_at tries last_error")

    class Meta:
        db_table = "booking_lookups"
        indexes = [models.Index(fields=["due_at"], name="booking_lookups_due_idx")]

    def __str__(self) -> str:
        return "booking look-up"
