"""Reminders of visits, each planned once."""

import django.db.models.deletion
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [
        ("clinical", "0010_unscrubbed"),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitReminder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField(choices=[("day_before", "a day before"), ("two_hours", "two hours before")])),
                ("start_ts", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("planned", "planned"),
                            ("queued", "handed to the text messages"),
                            ("dropped", "dropped"),
                        ],
                        db_default="planned",
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                (
                    "appointment",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="CASCADE",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="clinical.appointment",
                    ),
                ),
            ],
            options={
                "db_table": "visit_reminders",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "planned")), fields=["due_at"], name="visit_reminders_due_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("appointment", "start_ts", "kind"), name="visit_reminders_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["day_before", "two_hours"])), name="visit_reminders_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state", "planned")),
                            models.Q(("settled_at__isnull", False), ("state__in", ["queued", "dropped"])),
                            _connector="OR",
                        ),
                        name="visit_reminders_settled",
                    ),
                ],
            },
        ),
    ]
