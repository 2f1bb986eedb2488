"""Which reminders a hospital sends."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hospitals", "0004_staff_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="hospital",
            name="remind_day_before",
            field=models.BooleanField(db_default=True),
        ),
        migrations.AddField(
            model_name="hospital",
            name="remind_two_hours",
            field=models.BooleanField(db_default=True),
        ),
    ]
