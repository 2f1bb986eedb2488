from __future__ import annotations

from django.db import models

from accounts.pg_fields import DbOneToOneField, NullableTextField, TransactionNow
from accounts.privacy import privacy
from hospitals.models import Doctor


class CalLink(models.Model):
    """A doctor's place in Cal.com, and how far the pushed weekly hours are behind the wanted ones.

    Work is due when `wanted_hash` differs from `pushed_hash` and `next_try_at` has passed.
    """

    doctor = DbOneToOneField(Doctor, models.CASCADE, db_on_delete="CASCADE", primary_key=True, related_name="cal_link")
    cal_user_id = models.BigIntegerField(null=True, blank=True)
    cal_schedule_id = models.BigIntegerField(null=True, blank=True)
    cal_event_type_id = models.BigIntegerField(null=True, blank=True)
    wanted_hash = NullableTextField(null=True, blank=True)
    pushed_hash = NullableTextField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    last_error = NullableTextField(null=True, blank=True)
    failures = models.IntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    # Out of office that somebody entered in Cal.com itself: hours kept here do not know of it.
    absence_from = models.DateTimeField(null=True, blank=True)
    absence_until = models.DateTimeField(null=True, blank=True)
    absence_told_at = models.DateTimeField(null=True, blank=True)

    privacy = privacy(
        safe="doctor cal_user_id cal_schedule_id cal_event_type_id wanted_hash pushed_hash pushed_at last_error"
        " failures next_try_at created_at absence_from absence_until absence_told_at"
    )

    class Meta:
        db_table = "cal_links"
        constraints = [
            models.UniqueConstraint(fields=["cal_user_id"], name="cal_links_cal_user_id_key"),
            models.UniqueConstraint(fields=["cal_event_type_id"], name="cal_links_cal_event_type_id_key"),
        ]

    def __str__(self) -> str:
        return f"Cal.com link {self.pk}"

    @property
    def is_bookable(self) -> bool:
        return self.cal_event_type_id is not None

    @property
    def is_in_step(self) -> bool:
        return self.wanted_hash is None or self.wanted_hash == self.pushed_hash
