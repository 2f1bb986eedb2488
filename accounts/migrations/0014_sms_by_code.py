"""Codes are removed daily, and each removal looks for the messages that point to it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0013_erasure")]

    operations = [
        AddIndexConcurrently(
            model_name="smsmessage",
            index=models.Index(
                condition=models.Q(("code__isnull", False)), fields=["code"], name="sms_messages_code_idx"
            ),
        ),
    ]
