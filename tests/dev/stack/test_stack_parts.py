from __future__ import annotations

import http.server
import stat
import threading
from pathlib import Path

import pytest

from dev.stack.children import Child, StackProblem, Task, answers_as, check_disk, check_given_servers
from dev.stack.output import TraceFilter
from dev.stack.plan import DEVELOPMENT_SECRETS, Addresses, environment, remembered, wardbook, write_private

ADDRESSES = Addresses(web_port=8000, calcom_port=9000, database="postgres://x", redis="redis://y", vapi_port=9100)


def test_of_a_stack_trace_the_exceptions_pass() -> None:
    lines = """before
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    one()
    ^^^
KeyError: 'one'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in two

ValueError: two
after""".splitlines()
    passing = TraceFilter()
    passed = [line for line in lines if passing.passes(line) and line]
    assert passed == ["before", "KeyError: 'one'", "ValueError: two", "after"]


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "var" / "dev-secrets.json"
    first = remembered(file, {"ONE": lambda: "made"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert remembered(file, {"ONE": lambda: "again", "TWO": lambda: "added"}) == first | {"TWO": "added"}
    assert remembered(file, {}) == {"ONE": "made", "TWO": "added"}
    assert [path.name for path in file.parent.iterdir()] == ["dev-secrets.json"]


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    write_private(file, {"web": "x"})
    with pytest.raises(TypeError):
        write_private(file, {"web": object()})  # type: ignore[dict-item]  # what JSON cannot hold
    assert file.read_text() == '{\n  "web": "x"\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_what_is_given_stays_and_what_is_missing_is_filled_in(tmp_path: Path) -> None:
    env = environment({"PATH": "/bin", "SECRET_KEY": "mine", "OTP_KEYS": "", "CALCOM_ORG_ID": "7"}, ADDRESSES, tmp_path)
    assert env["SECRET_KEY"] == "mine"
    assert len(env["OTP_KEYS"]) >= 32
    assert {name: env[name] for name in ("PATH", "CALCOM_API_URL", "CALCOM_ORG_ID", "PUBLIC_BASE_URL")} == {
        "PATH": "/bin",
        "CALCOM_API_URL": "http://127.0.0.1:9000",
        "CALCOM_ORG_ID": "7",
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    }
    assert env["DJANGO_SETTINGS_MODULE"] == "config.settings.local"
    assert env.keys() >= DEVELOPMENT_SECRETS.keys()


def test_each_program_has_a_log_of_its_own(tmp_path: Path) -> None:
    env = environment({}, ADDRESSES, tmp_path)
    stages = wardbook(env, ADDRESSES, tmp_path)
    names = [program.name for stage in stages for program in ((stage,) if isinstance(stage, Task) else stage)]
    assert names == ["calcom", "vapi", "prepare", "web", "worker", "bookings", "chats", "messages", "beat", "webhooks"]


def test_the_simulated_vapi_is_known_to_the_programs_and_knows_them(tmp_path: Path) -> None:
    env = environment({"VAPI_WEBHOOK_SECRET": "new,old"}, ADDRESSES, tmp_path)
    assert (env["VAPI_API_URL"], env["VAPI_ASSISTANT_ID"]) == ("http://127.0.0.1:9100", "simulated-assistant")
    simulators = wardbook(env, ADDRESSES, tmp_path)[0]
    assert isinstance(simulators, tuple)
    command = simulators[1].command
    assert command[command.index("--server-url") + 1] == "http://127.0.0.1:8000/webhooks/vapi/"
    assert "--server-secret=new" in command


def test_a_key_that_begins_with_a_dash_is_no_option(tmp_path: Path) -> None:
    keys = {"VAPI_API_KEY": "-a", "VAPI_WEBHOOK_SECRET": "-b", "CALCOM_API_KEY": "-c"}
    simulators = wardbook(environment(keys, ADDRESSES, tmp_path), ADDRESSES, tmp_path)[0]
    assert isinstance(simulators, tuple)
    calcom, vapi = (simulator.command for simulator in simulators)
    assert "--api-key=-c" in calcom
    assert {"--api-key=-a", "--server-secret=-b"} < set(vapi)


def test_a_calcom_of_ones_own_is_not_simulated(tmp_path: Path) -> None:
    own = Addresses(web_port=8000, calcom_port=None, database="postgres://x", redis="redis://y")
    env = environment({"CALCOM_API_URL": "https://api.cal.com"}, own, tmp_path)
    stages = wardbook(env, own, tmp_path)
    assert isinstance(stages[0], Task)
    assert stages[0].name == "prepare"
    assert isinstance(stages[-1], tuple)
    assert all(isinstance(child, Child) and child.name != "calcom" for child in stages[-1])
    assert env["CALCOM_API_URL"] == "https://api.cal.com"


def test_a_nearly_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dev.stack.children.NEEDED_BYTES", 10**18)
    with pytest.raises(StackProblem, match=rf"^the disk that holds {tmp_path} has \d+ MB left; Wardbook needs "):
        check_disk(tmp_path)


def test_servers_that_are_not_named_or_not_readable_are_left_to_others() -> None:
    check_given_servers({})
    check_given_servers({"DATABASE_URL": "postgres://me:secret@host:port/x", "REDIS_URL": "unix:///run/valkey.sock"})


def test_ready_is_only_who_proves_to_be_ours() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the server asks for
            self.send_response(200)
            self.send_header("X-Instance", "ours")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/readyz"
        assert answers_as("ours", url)
        with pytest.raises(StackProblem, match="another program answers at"):
            answers_as("another", url)
        server.shutdown()
    assert not answers_as("ours", url)
