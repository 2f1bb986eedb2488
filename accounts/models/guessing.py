from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.db.fields import GenRandomUuid
from core.privacy import privacy


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


class SendTally(models.Model):
    """Codes asked for within one minute: in one country (`scope` is its ISO code), or in all (`all`).

    A number a minute, not a moment each as above: thousands an hour are counted here, by everyone at once.
    """

    scope = models.TextField()
    minute = models.DateTimeField()
    sends = models.IntegerField(db_default=0)

    privacy = privacy(safe="id scope minute sends")

    class Meta:
        db_table = "send_tallies"
        constraints = [models.UniqueConstraint(fields=["scope", "minute"], name="send_tallies_scope_minute_key")]

    def __str__(self) -> str:
        return f"sends {self.scope} {self.minute:%H:%M}"
