"""Failed webhooks are counted without reading those that went well."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0003_lookups_and_drift")]

    operations = [
        AddIndexConcurrently(
            model_name="calwebhook",
            index=models.Index(
                condition=models.Q(("status", "FAILED")), fields=["received_at"], name="cal_webhooks_failed_idx"
            ),
        ),
    ]
