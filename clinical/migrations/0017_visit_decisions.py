"""The model is called what it holds. Its table keeps its name: other programs may read it."""

import django.db.models.deletion
from django.db import migrations

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("clinical", "0016_facts_from_the_access_log")]

    operations = [
        migrations.RenameModel("VisitChange", "VisitDecision"),
        migrations.AlterField(
            model_name="visitdecision",
            name="appointment",
            field=core.db.fields.DbForeignKey(
                db_index=False,
                db_on_delete="CASCADE",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="decisions",
                to="clinical.appointment",
            ),
        ),
    ]
