"""A doctor's latest prescriptions, and those that ended unfetched, are read by index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0006_lists")]

    operations = [
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(fields=["doctor", "-created_at"], name="prescriptions_doctor_idx"),
        ),
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("denial_reason", "expired")),
                fields=["doctor", "-decided_at"],
                name="prescriptions_expired_idx",
            ),
        ),
    ]
