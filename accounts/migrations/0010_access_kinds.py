"""Rare lines of the access log are found without reading past the common ones."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0009_sms_notices")]

    operations = [
        AddIndexConcurrently(
            model_name="accessevent",
            index=models.Index(fields=["hospital_id", "action", "-at"], name="access_events_kind_idx"),
        ),
    ]
