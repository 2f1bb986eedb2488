"""What was counted towards the hourly ceilings before the deployment counts after it, and after going back."""

from __future__ import annotations

import psycopg

from tests.data.conftest import MakeDatabase, migrate

OLD = "0014_sms_by_code"
SENDS = """
INSERT INTO send_tallies (scope, minute, sends)
SELECT scope, date_trunc('minute', now()) - ago::interval, sends
FROM (VALUES ('AT', '1 minute', 7), ('all', '1 minute', 9), ('AT', '30 minutes', 2), ('AT', '2 hours', 5))
    AS sent(scope, ago, sends)
"""


def test_the_last_hours_sends_move_there_and_back(make_database: MakeDatabase) -> None:
    url = make_database("tallies")
    for target in ((), ("accounts", OLD)):
        done = migrate(url, *target)
        assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        connection.execute(SENDS)
        connection.execute("INSERT INTO guess_counters (kind, subject, hits) VALUES ('sms_send', '43660', '{now}')")

    done = migrate(url)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        rows = "SELECT kind, subject, cardinality(hits), hits_in_minute FROM guess_counters ORDER BY 1, 2, 4"
        assert connection.execute(rows).fetchall() == [
            ("ceiling_send", "AT", 0, 2),
            ("ceiling_send", "AT", 0, 7),
            ("ceiling_send", "all", 0, 9),
            ("sms_send", "43660", 1, 0),
        ]

    done = migrate(url, "accounts", OLD)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        tallies = connection.execute("SELECT scope, sends FROM send_tallies ORDER BY 1, 2").fetchall()
        assert tallies == [("AT", 2), ("AT", 7), ("all", 9)]
        assert connection.execute("SELECT kind, subject FROM guess_counters").fetchall() == [("sms_send", "43660")]
