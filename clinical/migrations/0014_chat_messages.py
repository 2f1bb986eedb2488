"""Messages of patients to the assistant: the queue, and where in the talk each stands."""

import django.db.models.deletion
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [
        ("clinical", "0013_calls_by_id"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChatMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("message", "message"),
                            ("emergency", "answered with the emergency text"),
                            ("summary", "asks for a summary"),
                        ]
                    ),
                ),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("queued", "waiting"),
                            ("sent", "sent"),
                            ("answered", "answered"),
                            ("failed", "failed"),
                        ],
                        db_default="queued",
                    ),
                ),
                ("line", models.IntegerField(null=True)),
                ("reply_line", models.IntegerField(null=True)),
                ("chat_id", core.db.fields.NullableTextField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("tries", models.IntegerField(db_default=0)),
                (
                    "session",
                    core.db.fields.DbForeignKey(
                        db_index=False,
                        db_on_delete="CASCADE",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="clinical.aisession",
                    ),
                ),
            ],
            options={
                "db_table": "ai_session_messages",
                "indexes": [
                    models.Index(fields=["session", "asked_at"], name="ai_session_messages_of_idx"),
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "sent"])),
                        fields=["asked_at"],
                        name="ai_session_messages_open_idx",
                    ),
                    models.Index(fields=["asked_at", "id"], name="ai_session_messages_asked_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "sent"])),
                        fields=("session",),
                        name="ai_session_messages_one_running",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "summary")),
                        fields=("session",),
                        name="ai_session_messages_one_summary",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state__in", ["queued", "sent"])),
                            models.Q(("settled_at__isnull", False), ("state__in", ["answered", "failed"])),
                            _connector="OR",
                        ),
                        name="ai_session_messages_settled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "summary"), ("line__isnull", True)),
                            models.Q(("kind__in", ["message", "emergency"]), ("line__isnull", False)),
                            _connector="OR",
                        ),
                        name="ai_session_messages_line",
                    ),
                ],
            },
        ),
    ]
