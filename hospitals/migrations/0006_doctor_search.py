"""Doctors of a hospital, and by how their specialty begins, whatever the database's collation."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("hospitals", "0005_reminder_kinds")]

    operations = [
        AddIndexConcurrently(
            model_name="doctor", index=models.Index(fields=["hospital"], name="doctors_hospital_idx")
        ),
        AddIndexConcurrently(
            model_name="doctor",
            index=models.Index(OpClass(Upper("specialty"), "text_pattern_ops"), name="doctors_specialty_idx"),
        ),
    ]
