"""What each look at the live Cal.com found of all that we rely on."""

from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("integrations", "0010_slot_grid")]

    operations = [
        migrations.CreateModel(
            name="ContractCheck",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("checked_at", models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ("findings", models.JSONField(default=list)),
                ("error", core.db.fields.NullableTextField(null=True)),
            ],
            options={"db_table": "calcom_contract_checks"},
        ),
    ]
