"""What staff decided about booked visits."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [
        ("clinical", "0003_rules"),
        ("hospitals", "0003_time_off_and_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("start_ts", models.DateTimeField()),
                (
                    "cause",
                    models.TextField(
                        choices=[("hours", "new weekly hours"), ("time_off", "time off"), ("visit", "the visit itself")]
                    ),
                ),
                (
                    "choice",
                    models.TextField(
                        choices=[("keep", "keep"), ("ask_to_move", "ask the patient to move"), ("cancel", "cancel")]
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="")),
                ("request_id", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ("replaced_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "appointment",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="CASCADE",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="clinical.appointment",
                    ),
                ),
                (
                    "decided_by",
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
                    "doctor",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="CASCADE",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hospitals.doctor",
                    ),
                ),
                (
                    "hospital",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="RESTRICT",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hospitals.hospital",
                    ),
                ),
            ],
            options={
                "db_table": "visit_changes",
                "indexes": [
                    models.Index(fields=["appointment"], name="visit_changes_visit_idx"),
                    models.Index(fields=["doctor", "-decided_at"], name="visit_changes_doctor_idx"),
                    models.Index(
                        condition=models.Q(
                            ("choice", "cancel"), ("replaced_at__isnull", True), ("told_at__isnull", True)
                        ),
                        fields=["decided_at"],
                        name="visit_changes_untold_idx",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at__isnull", True)),
                        fields=("appointment",),
                        name="visit_changes_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("choice__in", ["keep", "ask_to_move", "cancel"])),
                        name="visit_changes_choice_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cause__in", ["hours", "time_off", "visit"])),
                        name="visit_changes_cause_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("choice", "cancel"), ("request_id__isnull", True), _connector="OR"),
                        name="visit_changes_request_of_cancel",
                    ),
                ],
            },
        ),
    ]
