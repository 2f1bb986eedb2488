"""Tallies for the hourly ceilings, tokens that wait for a step-up, codes for a new number."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_break_glass")]

    operations = [
        migrations.CreateModel(
            name="SendTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.TextField()),
                ("minute", models.DateTimeField()),
                ("sends", models.IntegerField(db_default=0)),
            ],
            options={"db_table": "send_tallies"},
        ),
        migrations.AddConstraint(
            model_name="sendtally",
            constraint=models.UniqueConstraint(fields=("scope", "minute"), name="send_tallies_scope_minute_key"),
        ),
        migrations.AddField(
            model_name="devicetoken",
            name="needs_step_up",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name="onetimecode",
            name="asked_by",
            field=core.db.fields.DbForeignKey(
                db_index=False, db_on_delete="CASCADE", null=True, on_delete=django.db.models.deletion.CASCADE,
                related_name="+", to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="smsmessage",
            name="kind",
            field=models.TextField(
                choices=[
                    ("sign_in_code", "sign-in code"),
                    ("phone_code", "code for a new number"),
                    ("phone_changed", "notice of a changed number"),
                    ("reminder", "reminder"),
                ]
            ),
        ),
    ]
