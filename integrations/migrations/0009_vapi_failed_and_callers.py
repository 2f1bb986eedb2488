"""Failed messages of Vapi are counted, and an erased person's found, without reading the rest."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KT


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0008_vapi_numbers")]

    operations = [
        AddIndexConcurrently(
            model_name="vapievent",
            index=models.Index(
                condition=models.Q(("status", "FAILED")), fields=["received_at"], name="vapi_events_failed_idx"
            ),
        ),
        AddIndexConcurrently(
            model_name="vapievent", index=models.Index(KT("projection__caller"), name="vapi_events_caller_idx")
        ),
    ]
