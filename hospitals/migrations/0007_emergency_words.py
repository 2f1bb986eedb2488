"""A hospital's own words of an emergency, one a line."""

from django.db import migrations

import accounts.pg_fields


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0006_doctor_search")]

    operations = [
        migrations.AddField(
            model_name="hospital",
            name="emergency_words",
            field=accounts.pg_fields.NullableTextField(blank=True, null=True),
        ),
    ]
