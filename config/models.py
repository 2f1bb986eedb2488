from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.db.fields import GenRandomUuid, TransactionNow
from core.privacy import privacy


class IdempotencyKey(models.Model):
    """An `Idempotency-Key` a client used: which request it stands for and what came of it, never the answer's body."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    owner_id = models.UUIDField()
    key = models.TextField()
    request_hash = models.TextField()
    state = models.TextField(choices=State.choices, db_default=State.RUNNING)
    object_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=TransactionNow())

    privacy = privacy(safe="id owner_id key request_hash state object_id created_at")

    class Meta:
        db_table = "idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["owner_id", "key"], name="idempotency_keys_owner_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_keys_created_idx")]

    def __str__(self) -> str:
        return f"idempotency key {self.pk}"


class Heartbeat(models.Model):
    """A background process at work: a worker with the queues it serves, or beat, which serves `beat`.

    Times are by the database's clock: those of the machines may differ, and jump. A process that ends in order removes
    its row (`config.heartbeats`).
    """

    node = models.TextField(primary_key=True)
    serves = ArrayField(models.TextField())
    seen_at = models.DateTimeField(db_default=TransactionNow())

    privacy = privacy(safe="node serves seen_at")

    class Meta:
        db_table = "heartbeats"

    def __str__(self) -> str:
        return self.node
