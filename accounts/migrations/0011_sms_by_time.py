"""What became of the last days' messages is counted from an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0010_access_kinds")]

    operations = [
        AddIndexConcurrently(
            model_name="smsmessage",
            index=models.Index(
                fields=["created_at"], include=["kind", "status", "error_code"], name="sms_messages_time_idx"
            ),
        ),
    ]
