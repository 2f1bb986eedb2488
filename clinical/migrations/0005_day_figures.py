"""A month's figures and a week's overlaps are read from the index alone, and guests are found by one of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clinical", "0004_visit_changes")]

    operations = [
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                fields=["hospital", "start_ts"],
                include=["end_ts", "status", "no_show", "doctor"],
                name="appointments_hospital_day_idx",
            ),
        ),
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("patient__isnull", True)),
                fields=["hospital", "start_ts"],
                name="appointments_guest_idx",
            ),
        ),
        RemoveIndexConcurrently(model_name="appointment", name="appointments_hospital_idx"),
    ]
