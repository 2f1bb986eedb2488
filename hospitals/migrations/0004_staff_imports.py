"""Files of staff that wait to be confirmed and added."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [
        ("hospitals", "0003_time_off_and_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("checked", "checked"),
                            ("queued", "waiting to be added"),
                            ("done", "added"),
                            ("refused", "refused"),
                        ],
                        db_default="checked",
                    ),
                ),
                ("rows", models.JSONField()),
                ("people", models.IntegerField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="SET NULL",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "hospital",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="CASCADE",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hospitals.hospital",
                    ),
                ),
            ],
            options={
                "db_table": "staff_imports",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["created_at"], name="staff_imports_queued_idx"
                    ),
                    models.Index(fields=["hospital"], name="staff_imports_hospital_idx"),
                    models.Index(fields=["created_by"], name="staff_imports_created_by_idx"),
                ],
            },
        ),
    ]
