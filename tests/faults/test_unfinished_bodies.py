"""Requests whose bodies never come, or come a byte at a time, against the real web server."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.faults.harness import Stack, running_stack

pytestmark = [pytest.mark.slow, pytest.mark.alone]

MANY = 8
BODY_SECONDS = 10
THREADS = 3


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack"), "web") as running:
        yield running


@pytest.fixture
def sockets() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as opened:
        yield opened


def begin(stack: Stack, sockets: contextlib.ExitStack, path: str, *headers: str) -> socket.socket:
    """A request with headers and three bytes of its body."""
    connection = sockets.enter_context(socket.create_connection(("127.0.0.1", stack.web_port)))
    connection.settimeout(2 * BODY_SECONDS)
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", "abc"]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def status(connection: socket.socket) -> int:
    return int(connection.recv(4096).split(b" ", 2)[1])


def test_they_hold_up_nobody_and_end_with_408(stack: Stack, sockets: contextlib.ExitStack) -> None:
    paths = ("/webhooks/calcom/", "/webhooks/vapi/", "/api/v1/auth/otp/request/", "/staff/login/")
    form = "Content-Type: multipart/form-data; boundary=b"
    held = [begin(stack, sockets, path, "Content-Length: 5000", form) for path in paths for _ in range(MANY)]
    assert requests.get(f"{stack.web}/healthz", timeout=5).text == "ok"
    assert requests.get(f"{stack.web}/api/v1/doctors/", timeout=5).status_code == 401
    assert requests.post(f"{stack.web}/webhooks/calcom/", data=b"{}", timeout=5).status_code == 401
    for connection in held:
        assert status(connection) == 408
        # Closed, so that it costs nothing any more.
        assert connection.recv(1) == b""
    assert requests.get(f"{stack.web}/healthz", timeout=5).text == "ok"


def test_a_byte_at_a_time_gains_no_time(stack: Stack, sockets: contextlib.ExitStack) -> None:
    connection = begin(stack, sockets, "/staff/login/", "Content-Length: 5000")
    connection.settimeout(0.5)
    answer = b""
    deadline = time.monotonic() + 3 * BODY_SECONDS
    while not answer and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            connection.sendall(b"a")
            answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("header", "refused_with"), [("Content-Length: 200000000", 413), ("Transfer-Encoding: chunked", 411)]
)
def test_what_is_refused_is_not_waited_for(
    header: str, refused_with: int, stack: Stack, sockets: contextlib.ExitStack
) -> None:
    assert status(begin(stack, sockets, "/staff/login/", header)) == refused_with


def test_a_large_file_of_a_stranger_is_refused_before_it_is_read(stack: Stack, sockets: contextlib.ExitStack) -> None:
    begun = begin(stack, sockets, "/admin/staff-import/", "Content-Length: 2000000", "Cookie: sessionid=made-up")
    assert status(begun) == 413


def test_a_sender_that_goes_away_is_no_error(stack: Stack, sockets: contextlib.ExitStack) -> None:
    begin(stack, sockets, "/webhooks/calcom/", "Content-Length: 5000").close()
    assert requests.get(f"{stack.web}/healthz", timeout=5).text == "ok"
    assert "Traceback" not in (stack.log_dir / "web.log").read_text()


def test_health_is_told_while_every_thread_is_busy(stack: Stack) -> None:
    """The threads wait for a database that fell silent."""
    [(server,)] = stack.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    parent = psutil.Process(server).parent()
    assert parent is not None
    page, cookies = f"{stack.web}/staff/login/", {"sessionid": "a" * 32}
    with ThreadPoolExecutor(2 * THREADS) as clients, contextlib.ExitStack() as silent:
        for process in (parent, *parent.children(recursive=True)):
            process.suspend()
            silent.callback(process.resume)
        waiting = [clients.submit(requests.get, page, cookies=cookies, timeout=60) for _ in range(2 * THREADS)]
        for _ in range(20):
            answer = requests.get(f"{stack.web}/healthz", timeout=1)
            assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (200, "ok", "no-store")
            time.sleep(0.1)
        assert not any(one.done() for one in waiting)


def test_what_arrives_late_but_in_time_is_read(stack: Stack, sockets: contextlib.ExitStack) -> None:
    connection = begin(stack, sockets, "/webhooks/calcom/", "Content-Length: 5")
    assert requests.get(f"{stack.web}/healthz", timeout=5).text == "ok"
    connection.sendall(b"de")
    assert status(connection) == 401
