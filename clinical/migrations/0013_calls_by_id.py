"""AI sessions are found by the assistant's id of them, and by when they began."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0012_booking_claims")]

    operations = [
        AddIndexConcurrently(
            model_name="aisession", index=models.Index(fields=["start_time"], name="ai_sessions_start_idx")
        ),
        AddIndexConcurrently(
            model_name="aisession", index=models.Index(fields=["vapi_session_id"], name="ai_sessions_vapi_idx")
        ),
    ]
