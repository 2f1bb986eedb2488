from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.db.fields import EnumField, NullableTextField, SerialField, TransactionNow
from core.privacy import privacy


class CalWebhook(models.Model):
    """One verified webhook of Cal.com, as it came. PENDING rows are the queue; any row can be replayed."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "waiting"
        PROCESSED = "PROCESSED", "processed"
        FAILED = "FAILED", "failed"

    id = SerialField(primary_key=True)
    raw_webhook_body = models.JSONField()
    signature_header = NullableTextField(null=True, blank=True)
    status = EnumField(enum_type="webhook_status", choices=Status.choices, db_default=Status.PENDING)
    processed_at = models.DateTimeField(null=True, blank=True)
    notes = NullableTextField(null=True, blank=True)
    # Of the raw bytes, before anything is stripped from the body: what deduplicates.
    body_sha256 = NullableTextField(null=True, blank=True)
    trigger = NullableTextField(null=True, blank=True)
    received_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    tries = models.IntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    # What it is about, as soon as it has been read: by this an erased patient's webhooks are found.
    booking_uid = NullableTextField(null=True, blank=True)
    # When all but ids and times was taken out of the body.
    scrubbed_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        sensitive="raw_webhook_body signature_header notes booking_uid",
        safe="id status processed_at body_sha256 trigger received_at tries next_try_at scrubbed_at",
    )

    class Meta:
        db_table = "cal_webhooks"
        db_table_comment = "Logs incoming Cal.com webhooks for audit and replayability."
        constraints = [models.UniqueConstraint(fields=["body_sha256"], name="cal_webhooks_body_sha256_key")]
        indexes = [
            models.Index(fields=["id"], condition=Q(status="PENDING"), name="cal_webhooks_pending_idx"),
            models.Index(fields=["received_at"], condition=Q(status="FAILED"), name="cal_webhooks_failed_idx"),
            models.Index(fields=["-received_at"], name="cal_webhooks_received_idx"),
            models.Index(
                fields=["received_at"], condition=Q(scrubbed_at__isnull=True), name="cal_webhooks_unscrubbed_idx"
            ),
            models.Index(
                fields=["booking_uid"], condition=Q(scrubbed_at__isnull=True), name="cal_webhooks_booking_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


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
