"""A sign-in whose answer was lost may be asked for again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_notices_of_changes")]

    operations = [
        migrations.AddField("onetimecode", "used_key", models.TextField(null=True)),
        migrations.AddField("onetimecode", "token_id", models.UUIDField(null=True)),
    ]
