from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings.env import Env, EnvironmentProblem, load_dotenv

KEY = "k" * 32


def problems_of(ask: Callable[[Env], object], **values: str) -> tuple[object, list[str]]:
    env = Env(values)
    answer = ask(env)
    return answer, env.problems


@pytest.mark.parametrize(
    ("ask", "value", "answer"),
    [
        (lambda env: env.text("X"), "  word ", "word"),
        (lambda env: env.integer("X"), "42", 42),
        (lambda env: env.flag("X"), "Yes", True),
        (lambda env: env.flag("X"), "off", False),
        (lambda env: env.choice("X", ("a", "b")), "b", "b"),
        (lambda env: env.items("X"), " a, b,,c ", ["a", "b", "c"]),
        (lambda env: env.keys("X"), f"{KEY}, {KEY}2", [KEY, f"{KEY}2"]),
        (lambda env: env.url("X"), "https://example.org/base/", "https://example.org/base"),
        (lambda env: env.redis("X"), "unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        (
            lambda env: env.database("X"),
            "postgres://me:p%40ss@db.example:6543/wardbook?sslmode=require",
            {
                "ENGINE": "core.db.backend",
                "NAME": "wardbook",
                "USER": "me",
                "PASSWORD": "p@ss",
                "HOST": "db.example",
                "PORT": 6543,
                "OPTIONS": {"sslmode": "require"},
            },
        ),
        (
            lambda env: env.email("X"),
            "smtp+tls://me:pw@mail.example:587",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_FILE_PATH": "",
                "EMAIL_HOST": "mail.example",
                "EMAIL_HOST_PASSWORD": "pw",
                "EMAIL_HOST_USER": "me",
                "EMAIL_PORT": 587,
                "EMAIL_USE_TLS": True,
            },
        ),
    ],
)
def test_good_values_are_read(ask: Callable[[Env], object], value: str, answer: object) -> None:
    assert problems_of(ask, X=value) == (answer, [])


@pytest.mark.parametrize(
    ("ask", "value", "empty", "problem"),
    [
        (lambda env: env.integer("X"), "-1", 0, "X: is not a whole number from 0 up."),
        (lambda env: env.integer("X", minimum=1), "0", 1, "X: is not a whole number from 1 up."),
        (lambda env: env.flag("X"), "ja", False, "X: is neither true nor false."),
        (lambda env: env.choice("X", ("a", "b")), "c", "", "X: is not one of a, b."),
        (
            lambda env: env.keys("X", hint="see docs"),
            f"{KEY},short",
            [],
            "X: holds a key of fewer than 32 characters. Hint: see docs.",
        ),
        (lambda env: env.keys("X", hint=""), ",", [], "X: holds no key."),
        (lambda env: env.url("X"), "example.org", "", "X: does not start with http:// or https://."),
        (lambda env: env.url("X"), "https://", "", "X: has no host."),
        (
            lambda env: env.database("X", hint=""),
            "mysql://me:secret@host/db",
            {},
            "X: does not start with postgres:// or postgresql://.",
        ),
        (lambda env: env.database("X", hint=""), "postgres://me:secret@host/", {}, "X: names no database."),
        (
            lambda env: env.database("X", hint=""),
            "postgres://me:sec/ret@host:port/db",
            {},
            "X: is not an address: its port must be a number, signs in its password percent-encoded.",
        ),
    ],
)
def test_wrong_values_are_named_but_never_repeated(
    ask: Callable[[Env], object], value: str, empty: object, problem: str
) -> None:
    assert problems_of(ask, X=value) == (empty, [problem])


def test_without_a_default_an_absent_or_empty_variable_is_a_problem() -> None:
    assert problems_of(lambda env: env.text("X", hint="ask somebody"), X=" ") == (
        "",
        ["X: is not set. Hint: ask somebody."],
    )
    assert problems_of(lambda env: env.text("X", default="fine"), X="") == ("fine", [])
    assert problems_of(lambda env: env.items("X", default=[])) == ([], [])


def test_all_problems_are_told_at_once_and_once_each() -> None:
    env = Env({"TWO": "x"})
    for _ in range(2):
        env.text("ONE")
        env.integer("TWO")
        env.problem("THREE", "is needed beside ONE")
    with pytest.raises(EnvironmentProblem) as caught:
        env.done()
    assert str(caught.value).splitlines() == [
        "ONE: is not set.",
        "TWO: is not a whole number from 0 up.",
        "THREE: is needed beside ONE.",
    ]
    assert env.names == {"ONE", "TWO"}


def test_a_dotenv_file_adds_what_the_environment_does_not_say(tmp_path: Path) -> None:
    values = {"SAID": "by the environment"}
    load_dotenv(tmp_path / ".env", into=values)
    (tmp_path / ".env").write_text('SAID=by the file\nADDED="two words"\n# NOT=this\n')
    load_dotenv(tmp_path / ".env", into=values)
    assert values == {"SAID": "by the environment", "ADDED": "two words"}


ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "DATABASE_URL": "postgres://me:secret@127.0.0.1:1/wardbook",
    "REDIS_URL": "redis://:secret@127.0.0.1:1/0",
    "SECRET_KEY": KEY * 2,
    "ALLOWED_HOSTS": "wardbook.example.org",
    "PUBLIC_BASE_URL": "https://wardbook.example.org",
    "TRUSTED_PROXY_COUNT": "1",
    "OTP_KEYS": f"{KEY}-otp",
    "BOOKING_REFERENCE_KEYS": f"{KEY}-reference",
    "AUDIT_KEYS": f"{KEY}-audit",
    "EMAIL_URL": "smtp+tls://me:secret@mail.example.org:587",
    "TWILIO_ACCOUNT_SID": "AC0",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM_NUMBER": "15550001111",
    "TWILIO_REMINDER_FROM_NUMBER": "15550002222",
    "CALCOM_API_KEY": "cal_live_key",
    "CALCOM_ORG_ID": "1",
    "CALCOM_WEBHOOK_SECRET": KEY,
}


def python(*args: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_env_example_lists_exactly_what_settings_read() -> None:
    script = (
        "import config.settings.production as settings\n"
        "print(*sorted(settings.env.names | {'DJANGO_SETTINGS_MODULE'}), sep='\\n')"
    )
    read = python("-c", script, env=PRODUCTION)
    assert read.stderr == ""
    example = (ROOT / ".env.example").read_text()
    listed = sorted(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert listed == read.stdout.split()


def test_env_example_says_something_about_every_variable() -> None:
    for block in (ROOT / ".env.example").read_text().strip().split("\n\n"):
        assert block.splitlines()[0].startswith("# "), block


def test_missing_variables_stop_a_command_by_name_and_without_a_stack_trace() -> None:
    env = {name: value for name, value in PRODUCTION.items() if name not in {"OTP_KEYS", "CALCOM_API_KEY"}}
    done = python("manage.py", "migrate", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["OTP_KEYS", "CALCOM_API_KEY"]


@pytest.mark.parametrize(
    ("sender", "said"),
    [("", "is missing, and so is TWILIO_REMINDER_FROM_NUMBER"), ("15550001111", "is the sender of the sign-in codes")],
)
def test_reminders_need_a_sender_that_is_not_the_codes(sender: str, said: str) -> None:
    done = python("manage.py", "migrate", env=PRODUCTION | {"TWILIO_REMINDER_FROM_NUMBER": sender})
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith(f"TWILIO_REMINDER_MESSAGING_SERVICE_SID: {said}")


def test_notices_from_the_codes_sender_are_left_out_not_named() -> None:
    done = python("manage.py", "migrate", env=PRODUCTION | {"TWILIO_NOTICE_FROM_NUMBER": "15550001111"})
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("TWILIO_NOTICE_MESSAGING_SERVICE_SID: is the sender of the sign-in codes too")


def test_twilio_is_asked_for_only_where_it_sends() -> None:
    env = {name: value for name, value in PRODUCTION.items() if not name.startswith("TWILIO_")}
    read = "import config.settings.production as settings; print(settings.SMS_BACKEND)"
    other = python("-c", read, env=env | {"SMS_BACKEND": "integrations.vapi.chat.OurSms"})
    assert (other.returncode, other.stdout, other.stderr) == (0, "integrations.vapi.chat.OurSms\n", "")
    for named in ({}, {"SMS_BACKEND": "integrations.twilio.sms.TwilioSms"}):
        done = python("manage.py", "migrate", env=env | named)
        assert (done.returncode, done.stdout) == (2, "")
        assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "TWILIO_MESSAGING_SERVICE_SID",
            "TWILIO_REMINDER_MESSAGING_SERVICE_SID",
        ]


def test_ceilings_are_the_operators_to_set() -> None:
    read = "import config.settings.production as s; print(s.SMS_IN_ALL_AN_HOUR, s.SMS_PER_COUNTRY_AN_HOUR)"
    told = python("-c", read, env=PRODUCTION | {"SMS_IN_ALL_AN_HOUR": "50"})
    assert (told.stdout, told.stderr) == ("50 600\n", "")
    none = python("-c", read, env=PRODUCTION | {"SMS_IN_ALL_AN_HOUR": "0"})
    assert "SMS_IN_ALL_AN_HOUR: is not a whole number from 1 up." in none.stderr


OPEN_REDIS = {"REDIS_URL": "redis://redis.example.org:6379/0"}


def test_a_redis_without_a_password_is_refused_unless_said_so() -> None:
    done = python("manage.py", "check", env=PRODUCTION | OPEN_REDIS)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("REDIS_URL: has no password. Hint: ")


@pytest.mark.parametrize("given", [OPEN_REDIS | {"REDIS_WITHOUT_PASSWORD": "true"}, {"REDIS_URL": "unix:///run/redis"}])
def test_a_redis_that_nobody_else_reaches_needs_no_password(given: dict[str, str]) -> None:
    done = python("-c", "import config.settings.production", env=PRODUCTION | given)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "x", "is shorter than 50 characters"),
        ("CALCOM_WEBHOOK_SECRET", "x", "holds a key of fewer than 32 characters"),
        ("VAPI_WEBHOOK_SECRET", "x", "holds a key of fewer than 32 characters"),
        ("ALLOWED_HOSTS", "wardbook.example.org,*", "allows every host"),
        ("EMAIL_URL", "consolemail://", "sends no mail"),
        ("SMS_BACKEND", "anything", "is in no module that is installed"),
        ("SMS_BACKEND", "gateway.sms.OurSms", "is in no module that is installed"),
    ],
)
def test_production_refuses_what_protects_nothing(name: str, value: str, said: str) -> None:
    done = python("manage.py", "migrate", env=PRODUCTION | {name: value})
    assert (done.returncode, done.stderr.splitlines()[0].partition(". Hint")[0]) == (2, f"{name}: {said}")


def test_every_cookie_is_this_hosts_alone() -> None:
    script = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from config.message_cookie import NamedCookieStorage\n"
        "print(settings.MESSAGE_STORAGE, NamedCookieStorage.cookie_name)\n"
        "print(*(getattr(settings, one) for one in dir(settings) if one.endswith('COOKIE_NAME')))"
    )
    told = python("-c", script, env=PRODUCTION).stdout.splitlines()
    assert told[0] == "config.message_cookie.MessageStorage __Host-messages"
    names = set(told[1].split()) - {"django_language"}  # which nothing sets
    assert names == {"__Host-session", "__Host-csrf", "__Host-device", "__Host-messages"}


def test_production_refuses_one_key_for_two_purposes() -> None:
    done = python("manage.py", "migrate", env=PRODUCTION | {"AUDIT_KEYS": PRODUCTION["OTP_KEYS"]})
    assert (done.returncode, done.stderr.partition(". Hint")[0]) == (
        2,
        "SECRET_KEY: or another key serves two purposes",
    )


@pytest.mark.parametrize("module", ["config.wsgi", "config.celery as celery; celery.app.conf.broker_url"])
def test_what_serves_people_takes_no_settings_for_granted(module: str) -> None:
    done = python("-c", f"import {module}", env={**PRODUCTION, "DJANGO_SETTINGS_MODULE": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "DJANGO_SETTINGS_MODULE: is not set. Hint: config.settings.production\n"


def test_missing_variables_stop_the_web_process() -> None:
    env = {name: value for name, value in PRODUCTION.items() if name != "OTP_KEYS"}
    done = python("-c", "import config.wsgi", env=env)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("OTP_KEYS: is not set. Hint: ")


def test_an_unreachable_database_is_named_without_the_password() -> None:
    done = python("manage.py", "migrate", env=PRODUCTION)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "the database at 127.0.0.1:1 refused the connection. Hint: is it running, and is DATABASE_URL right?\n"
    )
