"""Reminders when workers are killed and sweeps come twice: whatever happens, nobody is reminded of one thing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.faults.harness import Stack, running_stack, until
from tests.faults.held_twilio import HeldTwilio, held_twilio

pytestmark = pytest.mark.slow
SWEEPS = ("queue_reminders", "queue_reminders", "send_sms", "send_sms")
VISITS, TAKEN_BEFORE_SILENCE, WORKERS = 12, 4, 2


@dataclass(frozen=True, slots=True)
class House:
    stack: Stack
    twilio: HeldTwilio

    def counted(self, table: str, column: str) -> dict[str, int]:
        return dict(self.stack.query(f"SELECT {column}, count(*) FROM {table} GROUP BY 1"))

    def messages(self) -> dict[str, int]:
        return self.counted("sms_messages", "status")

    def numbers(self, start: str) -> Counter[str]:
        return Counter(number for number in self.twilio.taken if number.startswith(start))

    def waiting_inserts(self) -> int:
        waiting = "wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"sms_messages\"%'"
        return int(self.stack.query(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}")[0][0])

    def sweep_until_settled(self, total: int) -> None:
        """Twice over, until no reminder and no message waits; `total` visits are known by then."""

        def is_settled() -> bool:
            self.stack.sweep(*SWEEPS)
            reminders = self.counted("visit_reminders", "state")
            return reminders == {"queued": total, "dropped": total} and "queued" not in self.messages()

        until(is_settled, every=0.5)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with held_twilio() as twilio, running_stack(Path(tmp_path_factory.mktemp("stack"))) as stack:
        stack.env.update(
            DJANGO_SETTINGS_MODULE="tests.faults.reminder_settings",
            TWILIO_API_URL=twilio.url,
            TWILIO_ACCOUNT_SID="AC" + 32 * "0",
            TWILIO_AUTH_TOKEN="0" * 32,
            TWILIO_FROM_NUMBER="+4366099999998",
            TWILIO_REMINDER_FROM_NUMBER="+4366099999999",
        )
        stack.start("worker", "messages")
        yield House(stack, twilio)


def test_a_worker_killed_before_it_knows_that_a_reminder_went_out_sends_none_twice(house: House) -> None:
    house.stack.module("tests.faults.reminder_seed", "North", str(VISITS))
    house.twilio.held_from = TAKEN_BEFORE_SILENCE + 1

    def is_each_worker_waiting() -> bool:
        house.stack.sweep(*SWEEPS)
        return len(house.twilio.taken) == TAKEN_BEFORE_SILENCE + WORKERS

    until(is_each_worker_waiting, every=0.5)
    house.stack.kill("messages")
    assert house.messages() == {
        "sent": TAKEN_BEFORE_SILENCE,
        "sending": WORKERS,
        "queued": VISITS - TAKEN_BEFORE_SILENCE - WORKERS,
    }
    house.twilio.held_from = None
    house.twilio.go_on.set()
    house.stack.start("messages")
    house.sweep_until_settled(VISITS)
    until(lambda: house.messages() == {"sent": VISITS - WORKERS, "sending": WORKERS})

    # As when time has passed: nobody knows what became of these two, and nobody tries again.
    house.stack.query("UPDATE sms_messages SET status_at = status_at - interval '5 min' WHERE status = 'sending'")
    house.stack.sweep(*SWEEPS)
    until(lambda: house.messages() == {"sent": VISITS - WORKERS, "unknown": WORKERS})
    house.sweep_until_settled(VISITS)
    assert house.numbers("43660005") == {f"43660005{number:05}": 1 for number in range(VISITS)}


def test_a_worker_killed_while_it_queues_reminders_leaves_them_to_the_next_once(house: House) -> None:
    before = house.messages()
    house.stack.module("tests.faults.reminder_seed", "Middle", "6")
    with psycopg.connect(house.stack.servers.database) as other:
        other.execute("LOCK TABLE sms_messages IN SHARE ROW EXCLUSIVE MODE")
        house.stack.sweep("queue_reminders", "queue_reminders")
        until(lambda: house.waiting_inserts() > 0)
        house.stack.kill("worker")
        other.rollback()
    until(lambda: house.waiting_inserts() == 0)
    house.stack.start("worker")
    house.sweep_until_settled(VISITS + 6)
    until(lambda: house.messages() == before | {"sent": before["sent"] + 6})
    assert house.numbers("43660006") == {f"43660006{number:05}": 1 for number in range(6)}
