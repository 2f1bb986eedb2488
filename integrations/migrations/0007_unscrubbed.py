"""What is kept for a while only is found by index when its time has come."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0006_scrubbed_webhooks")]

    operations = [
        AddIndexConcurrently(
            model_name="calwebhook",
            index=models.Index(
                condition=models.Q(("scrubbed_at__isnull", True)),
                fields=["received_at"],
                name="cal_webhooks_unscrubbed_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="calwebhook",
            index=models.Index(
                condition=models.Q(("scrubbed_at__isnull", True)),
                fields=["booking_uid"],
                name="cal_webhooks_booking_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="vapievent", index=models.Index(fields=["received_at"], name="vapi_events_received_idx")
        ),
    ]
