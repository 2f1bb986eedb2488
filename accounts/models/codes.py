from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models.user import User
from core.db.fields import DbForeignKey, GenRandomUuid, SerialField, TransactionNow
from core.privacy import privacy


class OneTimeCode(models.Model):
    """One code sent to one phone for one purpose, tied to the challenge that asked for it.

    `otp` holds the code masked (see `accounts.codes.issue`). A row without a challenge, as another program may
    write, never verifies. At most one row per number and purpose is live.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", "sign in"
        CHANGE_PHONE = "change_phone", "change of number"
        ERASE = "erase", "erasure of one's data"

    id = SerialField(primary_key=True)
    number = models.TextField()
    otp = models.IntegerField()
    created_at = models.DateTimeField(db_default=TransactionNow())
    challenge_id = models.UUIDField(null=True)
    purpose = models.TextField(null=True, choices=Purpose.choices)
    expires_at = models.DateTimeField(null=True)
    tries = models.IntegerField(db_default=0)
    # Set when the code is used, replaced by a newer one, or tried too often: a closed code never verifies.
    closed_at = models.DateTimeField(null=True)
    # Of a code that was used: by which `Idempotency-Key`, hashed, and for which token, by its public id.
    used_key = models.TextField(null=True)
    token_id = models.UUIDField(null=True)
    # Whose number is to change; a sign-in's code is nobody's yet.
    asked_by = DbForeignKey(User, models.CASCADE, db_on_delete="CASCADE", null=True, db_index=False, related_name="+")

    privacy = privacy(
        sensitive="number otp challenge_id used_key",
        safe="id created_at purpose expires_at tries closed_at token_id asked_by",
    )

    class Meta:
        db_table = "otps"
        db_table_comment = "Temporary storage for OTP codes used in patient phone authentication via Twilio."
        constraints = [
            models.CheckConstraint(condition=Q(otp__gte=1000) & Q(otp__lte=9999), name="otp_valid_range"),
            models.UniqueConstraint(fields=["challenge_id"], name="otps_challenge_id_key"),
            models.UniqueConstraint(
                fields=["number", "purpose"],
                condition=Q(challenge_id__isnull=False, closed_at__isnull=True),
                name="otps_one_live_challenge",
            ),
        ]
        indexes = [
            models.Index(fields=["number"], name="idx_otps_number"),
            models.Index(fields=["created_at"], name="idx_otps_created_at"),
        ]

    def __str__(self) -> str:
        return f"one-time code {self.pk}"


class GuessCounter(models.Model):
    """How often one subject (a number, an account, an address, a known device, a country) did one kind of thing.

    `hits` are moments, for rolling windows: the row is locked while counting, so that concurrent tries are counted
    before any is compared. Where thousands an hour are counted, by everyone at once, `hits_in_minute` is their number
    in the `minute` that begins then.
    """

    id = models.UUIDField(primary_key=True, db_default=GenRandomUuid(), editable=False)
    kind = models.TextField()
    subject = models.TextField()
    hits = ArrayField(models.DateTimeField(), default=list)
    minute = models.DateTimeField(null=True)
    hits_in_minute = models.IntegerField(db_default=0)

    privacy = privacy(sensitive="subject", safe="id kind hits minute hits_in_minute")

    class Meta:
        db_table = "guess_counters"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "minute"],
                nulls_distinct=False,
                name="guess_counters_kind_subject_minute_key",
            ),
            models.CheckConstraint(
                condition=Q(minute__isnull=True, hits_in_minute=0) | Q(minute__isnull=False, hits__len=0),
                name="guess_counters_moments_or_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"counter {self.kind} {self.pk}"
