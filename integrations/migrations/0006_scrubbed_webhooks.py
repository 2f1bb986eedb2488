"""Webhooks say which booking they are about, and when their body was scrubbed."""

from django.db import migrations, models

import core.db.fields

BATCH = 5000
FILL = """
UPDATE cal_webhooks SET booking_uid = coalesce(
    raw_webhook_body #>> '{payload,uid}', raw_webhook_body #>> '{payload,bookingUid}', raw_webhook_body ->> 'uid'
) WHERE id >= %s AND id < %s AND booking_uid IS NULL
"""


def fill(apps, schema_editor):
    """In batches, and again where it was stopped."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM cal_webhooks")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, BATCH):
            cursor.execute(FILL, [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("integrations", "0005_hours_in_cal")]

    operations = [
        migrations.AddField(
            model_name="calwebhook",
            name="booking_uid",
            field=core.db.fields.NullableTextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="calwebhook", name="scrubbed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
