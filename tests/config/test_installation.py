"""`manage.py doctor` and the checks that it, `/readyz` and the operator's first page share, against real faults."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import smtplib
import time
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
import responses
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.access_log.seals import seal_access_events
from accounts.models import AuditSeal, User
from config import health, heartbeats
from config.installation import background, database, machine, vendors
from config.installation.registry import CHECKS, Check, Finding, Level, run
from config.installation.report import problems
from dev.embedded.valkey import running_valkey
from integrations.models import CalWebhook
from tests.accounts.access_log.sealing import AT, record

pytestmark = pytest.mark.django_db

QUEUES = ("celery", "bookings", "chats", "messages")


@pytest.fixture
def at_work(transactional_db: None) -> None:
    """Every worker, and beat."""
    for queue in QUEUES:
        heartbeats.seen(f"{queue}@a", [queue])
    heartbeats.seen("beat@a", ["beat"])


def told(findings: Iterable[Finding]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.text) for finding in findings]


def doctor(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", *arguments, stdout=out)
    return int(str(ended.value.code)), out.getvalue()


def levels(*arguments: str) -> dict[str, str]:
    """The worst of each check, by name."""
    _, out = doctor("--json", *arguments)
    worst: dict[str, str] = {}
    order = ("ok", "warning", "broken")
    for one in json.loads(out)["checks"]:
        worst[one["check"]] = max(worst.get(one["check"], "ok"), one["level"], key=order.index)
    return worst


@pytest.fixture
def healthy(at_work: None, settings: Settings, tmp_path: Path) -> Path:
    """All in order; the backup's stamp."""
    stamp = tmp_path / "backup"
    stamp.touch()
    settings.BACKUP_STAMP = str(stamp)
    return stamp


def roomy(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """The disk of the machine that runs the tests is as it is."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100 - free, free))


def test_all_is_well(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy(monkeypatch, 50)
    code, out = doctor("--offline")
    assert (code, out.count("\n"), set(levels("--offline").values())) == (0, out.count("ok "), {"ok"})
    assert "5 background processes are at work." in out


def test_every_check_is_run_and_vendors_only_when_wanted(healthy: Path) -> None:
    outside = {"Cal.com", "Twilio", "Vapi", "mail"}
    assert set(levels("--offline")) == set(CHECKS) - outside
    assert set(CHECKS) >= outside


def test_warnings_end_with_1_and_faults_with_2(
    healthy: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy(monkeypatch, 50)
    settings.BACKUP_STAMP = ""
    assert doctor("--offline")[0] == 1
    heartbeats.ended("bookings@a")
    code, out = doctor("--offline")
    assert code == 2
    assert "broken  workers       No worker serves the queue bookings." in out


def test_a_database_that_is_away_is_said_and_no_check_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ask_database", lambda: health.UNANSWERED)
    code, out = doctor("--offline")
    assert code == 2
    assert "The database: no answer within 1 s." in out
    assert {name for name, level in levels("--offline").items() if level == "ok"} <= {"redis", "settings", "disk"}
    assert out.count("Not checked: it needs the database.") == sum(one.needs_database for one in CHECKS.values())


def test_a_table_without_row_security_is_named() -> None:
    assert told(database.row_security()) == [(Level.OK, "Every table has row level security.")]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE profiles DISABLE ROW LEVEL SECURITY")
    assert told(database.row_security()) == [(Level.BROKEN, "1 tables have no row level security: profiles.")]


def test_an_unapplied_migration_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_all_applied", False)
    in_code = health.migrations_in_code()
    monkeypatch.setattr(health, "migrations_in_code", lambda: in_code | {("accounts", "9999_next")})
    assert told(database.migrations()) == [(Level.BROKEN, "Migrations: 1 not applied: accounts.9999_next.")]


@pytest.mark.parametrize(
    ("seconds", "level", "text"),
    [
        (0, Level.OK, "This machine's clock and the database's agree."),
        (30, Level.WARNING, "This machine's clock is 30 s ahead of the database's."),
        (-3600, Level.BROKEN, "This machine's clock is 3600 s behind the database's."),
    ],
)
def test_clocks_that_differ(monkeypatch: pytest.MonkeyPatch, seconds: int, level: Level, text: str) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + dt.timedelta(seconds=seconds))
    assert told(database.clock()) == [(level, text)]


def test_redis_that_is_away_open_or_throws_messages_away(settings: Settings, tmp_path: Path) -> None:
    with running_valkey(tmp_path, durable=False) as settings.REDIS_URL:
        assert told(background.redis_state()) == [(Level.OK, "Redis answers and takes writes.")]
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("requirepass", "")
        settings.REDIS_URL = f"redis://127.0.0.1:{settings.REDIS_URL.rpartition(':')[2]}"
        assert [(level, text[:40]) for level, text in told(background.redis_state())] == [
            (Level.OK, "Redis answers and takes writes."),
            (Level.WARNING, "Redis has no password."),
            (Level.WARNING, "Redis throws away messages to workers whe"[:40]),
        ]
    assert told(background.redis_state())[0][0] == Level.BROKEN


def test_workers_that_are_killed_missing_or_of_another_clock(at_work: None) -> None:
    assert told(background.workers()) == [(Level.OK, "5 background processes are at work.")]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE heartbeats SET seen_at = now() - interval '90 seconds' WHERE node = 'celery@a'")
        cursor.execute("UPDATE heartbeats SET seen_at = now() + interval '1 hour' WHERE node = 'beat@a'")
    heartbeats.ended("chats@a")
    assert told(background.workers()) == [
        (Level.BROKEN, "No worker serves the queue celery."),
        (Level.BROKEN, "No worker serves the queue chats."),
        (Level.BROKEN, "Beat is not at work: nothing is swept, reminded or pulled."),
        (
            Level.WARNING,
            "The last heartbeat of beat@a is ahead of the database's clock, which was set back.",
        ),
        (Level.WARNING, "celery@a was last at work 90 s ago and did not end in order."),
        (Level.OK, "2 background processes are at work."),
    ]


def test_a_worker_asks_for_itself(at_work: None) -> None:
    call_command("doctor", "--node", "chats@a")
    heartbeats.ended("chats@a")
    with pytest.raises(CommandError) as refused:
        call_command("doctor", "--node", "chats@a")
    assert (str(refused.value), refused.value.returncode) == ("chats@a is not at work", 2)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (60, "The oldest of 1 in the queue webhooks has waited 3600 s."),
        (-60, "The queue webhooks holds work from the future: a clock was ahead."),
    ],
)
def test_a_queue_that_is_late_or_of_the_future(minutes: int, text: str) -> None:
    CalWebhook.objects.create(raw_webhook_body={}, received_at=timezone.now() - dt.timedelta(minutes=minutes))
    assert told(background.queues()) == [(Level.BROKEN, text)]


def test_keys_that_sealed_the_log_and_are_gone(settings: Settings) -> None:
    old, new = settings.AUDIT_KEYS[0], "another-audit-key-0123456789abcdef"
    for minute, sealed_with in enumerate((old, old, new, new)):
        settings.AUDIT_KEYS = [sealed_with]
        record()
        assert seal_access_events(at=AT + dt.timedelta(minutes=minute))
    settings.AUDIT_KEYS = [new, old]
    assert told(machine.keys()) == [(Level.OK, "4 seals of the access log hold, the oldest and the newest among them.")]
    settings.AUDIT_KEYS = [new]
    ((level, text),) = told(machine.keys())
    assert level == Level.BROKEN
    assert text.startswith(f"Seal {AuditSeal.objects.order_by('id').values_list('id', flat=True)[0]} of the access log")


@pytest.mark.parametrize(
    ("hours", "level", "text"),
    [
        (1, Level.OK, "The last backup is 1.0 hours old."),
        (27, Level.BROKEN, "The last backup is 27.0 hours old."),
        (-1, Level.BROKEN, "The last backup is from the future: a clock was ahead."),
    ],
)
def test_the_backups_age(settings: Settings, tmp_path: Path, hours: float, level: Level, text: str) -> None:
    stamp = tmp_path / "backup"
    settings.BACKUP_STAMP = str(stamp)
    assert told(machine.backup()) == [(Level.BROKEN, "The file that BACKUP_STAMP names is not there.")]
    stamp.touch()
    made = time.time() - hours * 3600
    os.utime(stamp, (made, made))
    assert told(machine.backup()) == [(level, text)]


@pytest.mark.parametrize(("free", "level"), [(50, Level.OK), (9, Level.WARNING), (1, Level.BROKEN)])
def test_the_disks_room(monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
    roomy(monkeypatch, free)
    assert {found for found, _ in told(machine.disk())} == {level}


def test_settings_of_development_and_ones_that_break_a_rule(settings: Settings) -> None:
    assert told(machine.settings_check()) == [(Level.OK, "The settings are complete.")]
    settings.DEBUG = True
    settings.RETENTION = settings.RETENTION | {"access_events": dt.timedelta(days=30)}
    assert [level for level, _ in told(machine.settings_check())] == [Level.WARNING, Level.BROKEN]


@responses.activate
@pytest.mark.parametrize(
    ("status", "calcom", "twilio", "vapi"),
    [
        (
            401,
            "Cal.com: Our key does not open Cal.com any more. The operator of the platform can renew it.",
            "Twilio refuses us (401).",
            "Vapi refuses us (401).",
        ),
        (
            503,
            "Cal.com: Cal.com did not answer after several tries. Try again later.",
            "Twilio refuses us (503).",
            "Vapi does not answer.",
        ),
    ],
)
def test_vendors_that_refuse_or_are_down(settings: Settings, status: int, calcom: str, twilio: str, vapi: str) -> None:
    settings.SMS_BACKEND = "integrations.twilio.sms.TwilioSms"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.VAPI_API_KEY = "AC1", ["token"], "key"
    responses.get(f"{settings.CALCOM_API_URL}/v2/me", json={"status": "error", "error": {}}, status=status)
    responses.get("https://api.twilio.com/2010-04-01/Accounts/AC1.json", json={}, status=status)
    responses.get(f"{settings.VAPI_API_URL}/call/{vendors.NO_CALL}", json={}, status=status)
    assert told(vendors.calcom()) == [(Level.BROKEN, calcom)]
    assert told(vendors.twilio()) == [(Level.BROKEN, twilio)]
    assert told(vendors.vapi()) == [(Level.BROKEN, vapi)]


@responses.activate
def test_vendors_that_answer(settings: Settings) -> None:
    settings.SMS_BACKEND = "integrations.twilio.sms.TwilioSms"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.VAPI_API_KEY = "AC1", ["token"], "key"
    me = {"id": 1, "email": "admin@example.org", "username": "admin", "organizationId": 1}
    responses.get(f"{settings.CALCOM_API_URL}/v2/me", json={"status": "success", "data": me})
    responses.get("https://api.twilio.com/2010-04-01/Accounts/AC1.json", json={"sid": "AC1"})
    responses.get(f"{settings.VAPI_API_URL}/call/{vendors.NO_CALL}", json={}, status=404)
    asked = (vendors.calcom, vendors.twilio, vendors.vapi, vendors.mail)
    assert [level for ask in asked for level, _ in told(ask())] == [Level.OK] * 4


def test_a_mail_server_that_is_not_there(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert told(vendors.mail()) == [(Level.BROKEN, "The mail server does not let us in (ConnectionRefusedError).")]


def test_a_check_that_fails_hides_no_other() -> None:
    def fails() -> list[Finding]:
        raise smtplib.SMTPException("of a kind that nobody foresaw")

    checks = [Check(name, ask, False, False, False) for name, ask in (("one", fails), ("disk", machine.disk))]
    results: list[Any] = list(run(checks, is_database_there=lambda: True))
    assert results[0].findings == (Finding(Level.BROKEN, "Could not be checked: SMTPException."),)
    assert results[1].check == "disk"


def test_the_operators_first_page_says_what_is_wrong(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy(monkeypatch, 50)
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    client = Client()
    client.force_login(operator)
    assert "Workers, queues, clock, disk and backup are in order." in client.get("/admin/").content.decode()
    heartbeats.ended("beat@a")
    assert [finding.text for finding in problems()] == ["Beat is not at work: nothing is swept, reminded or pulled."]
    assert "Beat is not at work" in client.get("/admin/").content.decode()


def test_a_hospitals_admin_is_not_told_of_the_installation(admin_client: Client) -> None:
    page = admin_client.get("/admin/")
    assert "installation_problems" not in page.context
    assert "This installation" not in page.content.decode()
