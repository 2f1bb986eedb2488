"""What the pharmacy rejected and what expired is read by one index, until its prescriber has dealt with it."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0019_acknowledged_prescriptions")]

    operations = [
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("acknowledged_at__isnull", True), ("status", "DENIED")),
                fields=["doctor", "-decided_at"],
                name="prescriptions_unsettled_idx",
            ),
        ),
        RemoveIndexConcurrently(model_name="prescription", name="prescriptions_expired_idx"),
    ]
