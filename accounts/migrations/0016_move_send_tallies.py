"""The sends of the last hour, so that the ceilings hold through the deployment; older ones count no more.

One statement, not batches: it is at most 61 minutes of each country that was sent to.
"""

from django.db import migrations

# Anew if a run was cut off: what is there already is overwritten.
MOVE = """
INSERT INTO guess_counters (kind, subject, minute, hits, hits_in_minute)
SELECT 'ceiling_send', scope, minute, '{}', sends FROM send_tallies WHERE minute > now() - interval '61 minutes'
ON CONFLICT (kind, subject, minute) DO UPDATE SET hits_in_minute = excluded.hits_in_minute
"""
MOVE_BACK = """
WITH moved AS (
    DELETE FROM guess_counters WHERE kind = 'ceiling_send' AND minute IS NOT NULL
    RETURNING subject, minute, hits_in_minute
)
INSERT INTO send_tallies (scope, minute, sends)
SELECT subject, minute, hits_in_minute FROM moved
ON CONFLICT (scope, minute) DO UPDATE SET sends = excluded.sends
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_counters_by_the_minute")]

    operations = [migrations.RunSQL(MOVE, MOVE_BACK)]
