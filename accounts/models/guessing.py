from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.pg_fields import GenRandomUuid
from accounts.privacy import privacy


class GuessCounter(models.Model):
    """When one subject (a number, an account, an address, a known device) did one kind of thing, for rolling windows.

    The row is locked while counting, so that concurrent tries are counted before any is compared.
    """

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField()
    subject = models.TextField()
    hits = ArrayField(models.DateTimeField(), default=list)

    privacy = privacy(sensitive="subject", safe="id kind hits")

    class Meta:
        db_table = "guess_counters"
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="guess_counters_kind_subject_key")]

    def __str__(self) -> str:
        return f"counter {self.kind} {self.pk}"
