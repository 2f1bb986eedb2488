"""Lists of what is rare, and of a hospital's prescriptions, are read by index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0005_day_figures")]

    operations = [
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("no_show", True)),
                fields=["hospital", "start_ts"],
                name="appointments_no_show_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="prescription",
            index=models.Index(fields=["hospital", "-created_at"], name="prescriptions_hospital_idx"),
        ),
    ]
