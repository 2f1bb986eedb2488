"""What is kept for a while only is found by index when its time has come."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0009_erased_bookings")]

    operations = [
        AddIndexConcurrently(
            model_name="aisession",
            index=models.Index(
                condition=models.Q(("transcript__isnull", False)),
                fields=["start_time"],
                name="ai_sessions_transcript_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("cal_raw_payload__has_key", "scrubbed"), _negated=True),
                fields=["end_ts"],
                name="appointments_unscrubbed_idx",
            ),
        ),
    ]
