"""A hospital's own words of an emergency, one a line."""

from django.db import migrations

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0006_doctor_search")]

    operations = [
        migrations.AddField(
            model_name="hospital",
            name="emergency_words",
            field=core.db.fields.NullableTextField(blank=True, null=True),
        ),
    ]
