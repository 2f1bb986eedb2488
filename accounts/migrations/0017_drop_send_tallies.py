"""`guess_counters` holds them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_move_send_tallies")]

    operations = [migrations.DeleteModel(name="SendTally")]
