"""Event types show what grid of free times they have, and the hours are sent once more: what was sent for dates with
time off let patients book in it where a night joined them to the date before."""

from django.db import migrations, models

# Not where somebody edited the hours in Cal.com: what is there stays until it is looked at.
SEND_AGAIN = "UPDATE cal_links SET pushed_hash = NULL WHERE pushed_hash = wanted_hash AND drift IS NULL"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0009_vapi_failed_and_callers")]

    operations = [
        migrations.AddField(
            model_name="callink",
            name="pushed_optimized_slots",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.RunSQL(SEND_AGAIN, migrations.RunSQL.noop),
    ]
