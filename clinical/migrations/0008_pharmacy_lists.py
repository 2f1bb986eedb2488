"""What waits, and what was denied today, are read by index however much a hospital has behind it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0007_doctors_prescriptions")]

    operations = [
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("pharmacist__isnull", True), ("status__in", ["PENDING", "APPROVED"])),
                fields=["hospital", "created_at", "id"],
                name="prescriptions_waiting_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("status", "DENIED")),
                fields=["hospital", "-decided_at"],
                name="prescriptions_denied_idx",
            ),
        ),
    ]
