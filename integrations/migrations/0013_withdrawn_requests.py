"""A patient may take a request back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0012_hidden_types_and_reassigned_visits")]

    operations = [
        migrations.AddField("bookingrequest", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "bookingrequest",
            models.Index(
                fields=["withdrawn_at"],
                condition=models.Q(withdrawn_at__isnull=False),
                name="booking_requests_withdrawn_idx",
            ),
        ),
    ]
