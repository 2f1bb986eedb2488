from __future__ import annotations

from django.db import models

from core.db.fields import NullableTextField, TransactionNow
from core.privacy import privacy


class ContractCheck(models.Model):
    """What one look at the live Cal.com found of all that we rely on.

    `findings` has `[subject, differences]` for each subject, a difference being `[code, detail]`; details name fields,
    settings and event types, never people. None for the differences: there was nothing to look at.
    """

    id = models.BigAutoField(primary_key=True)
    checked_at = models.DateTimeField(db_default=TransactionNow())
    findings = models.JSONField(default=list)
    # Cal.com could not be asked.
    error = NullableTextField(null=True)

    privacy = privacy(safe="id checked_at findings error")

    class Meta:
        db_table = "calcom_contract_checks"

    def __str__(self) -> str:
        return f"contract check {self.pk}"
