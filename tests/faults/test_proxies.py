"""The configurations in `deploy/`, run by real nginx and Caddy before a web server with production's settings."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.cast import PASSWORD
from tests.config.test_env import PRODUCTION
from tests.faults.harness import Stack, running_stack
from tests.faults.proxies import HOST, RUNNERS, Proxy, is_installed

pytestmark = [pytest.mark.slow, pytest.mark.alone]

HSTS = "max-age=31536000"
CLAIMED = "203.0.113.9"
# A name that staff might search for.
SOUGHT = "Picklethorn"
SEARCH = "/staff/doctor/patients/"
# Twice the threads of the web server.
SLOW_SENDERS = 6
PATIENCE_SECONDS = 30
# What an operator changes to open the portal to one network alone.
CLOSED = {
    "nginx": {"default 0;": "default 1;", "# 203.0.113.0/24 0;": "127.0.0.1 0;"},
    "caddy": {
        "\t# @outside {\n\t# \tpath /admin/*\n\t# \tnot remote_ip 203.0.113.0/24\n\t# }\n\t# respond @outside 403": (
            "\t@outside {\n\t\tpath /admin/*\n\t\tnot remote_ip 127.0.0.1\n\t}\n\trespond @outside 403"
        )
    },
}


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy before the web server of `stack`."""

    name: str
    proxy: Proxy
    stack: Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The web server alone, with production's settings."""
    directory = tmp_path_factory.mktemp("production")
    with running_stack(directory) as stack:
        stack.module("tests.faults.staff_seed")
        kept = {name: stack.env[name] for name in ("DATABASE_URL", "REDIS_URL", "CALCOM_API_URL")}
        stack.env |= PRODUCTION | kept
        stack.env |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.production_settings",
            "ALLOWED_HOSTS": HOST,
            "PUBLIC_BASE_URL": f"https://{HOST}",
            "TEST_VAR_DIR": str(directory),
        }
        stack.manage("collectstatic", "--no-input", "--verbosity", "0")
        stack.start("web")
        yield stack


@pytest.fixture(scope="module", params=sorted(RUNNERS))
def front(request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    name: str = request.param
    if not is_installed(name) and not os.environ.get("CI"):
        pytest.skip(f"there is no {name} here")
    with RUNNERS[name](tmp_path_factory.mktemp(name), stack.web_port, changes=CLOSED[name]) as proxy:
        yield Front(name, proxy, stack)


@pytest.fixture
def client(front: Front) -> Iterator[requests.Session]:
    with front.proxy.session() as session:
        yield session


def sign_in(
    client: requests.Session, front: Front, *, email: str = "doctor@north.test", password: str = PASSWORD, **claims: str
) -> requests.Response:
    address = f"{front.proxy.url}/staff/login/"
    page = client.get(address, timeout=PATIENCE_SECONDS)
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[:1]
    form = {"email": email, "password": password, "csrfmiddlewaretoken": token}
    headers = {"Referer": address, **claims}
    return client.post(address, data=form, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False)


def test_staff_sign_in_and_their_cookies_are_for_tls_alone(front: Front, client: requests.Session) -> None:
    signed_in = sign_in(client, front)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/staff/")
    cookies = signed_in.raw.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-session", "__Host-csrf", "__Host-device"}
    assert [cookie for cookie in cookies if not {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))] == []
    day = client.get(f"{front.proxy.url}/staff/", timeout=PATIENCE_SECONDS)
    assert (day.status_code, day.url) == (200, f"{front.proxy.url}/staff/doctor/")


def test_every_answer_says_that_only_tls_will_do(front: Front, client: requests.Session) -> None:
    answers = {
        path: client.request(method, front.proxy.url + path, data=body, timeout=PATIENCE_SECONDS)
        for method, path, body in [
            ("GET", "/staff/login/", b""),
            ("GET", "/healthz", b""),
            ("GET", "/metrics", b""),
            ("POST", "/api/v1/me/", b"x" * 300_000),
        ]
    }
    assert {path: answer.raw.headers.getlist("Strict-Transport-Security") for path, answer in answers.items()} == {
        path: [HSTS] for path in answers
    }


def test_plain_http_is_led_to_tls(front: Front, client: requests.Session) -> None:
    answer = client.get(
        f"http://{HOST}:{front.proxy.http_port}/staff/", allow_redirects=False, timeout=PATIENCE_SECONDS
    )
    assert answer.status_code in (301, 308)
    # Caddy leaves out the port that it was told is https's.
    assert answer.headers["Location"] in (f"{front.proxy.url}/staff/", f"https://{HOST}/staff/")


@pytest.mark.parametrize(
    ("path", "size", "is_refused"),
    [
        ("/staff/login/", 256 * 1024 + 1, True),
        ("/webhooks/calcom/", 256 * 1024 + 1, True),
        ("/webhooks/calcom/", 256 * 1024, False),
        ("/admin/staff-import/", 2 * 1024 * 1024, False),
        ("/admin/staff-import/", 3 * 1024 * 1024, True),
    ],
)
def test_bodies_end_at_what_wardbook_takes(
    front: Front, client: requests.Session, path: str, size: int, is_refused: bool
) -> None:
    # The file of staff is taken from people who are signed in.
    sign_in(client, front, email="admin@north.test")
    answer = client.post(front.proxy.url + path, data=b"x" * size, timeout=PATIENCE_SECONDS, allow_redirects=False)
    assert (answer.status_code == 413) is is_refused


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_operators_ask_is_not_answered_outside(front: Front, client: requests.Session, path: str) -> None:
    inside = requests.get(front.stack.web + path, timeout=PATIENCE_SECONDS)
    outside = client.get(front.proxy.url + path, timeout=PATIENCE_SECONDS)
    assert (inside.status_code, outside.status_code) == (200, 404)
    assert "database" not in outside.text


def test_the_portal_opens_to_the_named_network_alone(front: Front) -> None:
    seen = {}
    for source in ("127.0.0.1", "127.0.0.2"):
        with front.proxy.session(source=source) as client:
            for path in ("/admin/", "/admin/staff-import/", "/staff/login/"):
                answer = client.get(front.proxy.url + path, timeout=PATIENCE_SECONDS, allow_redirects=False)
                seen[source, path] = answer.status_code
    assert seen == {
        ("127.0.0.1", "/admin/"): 302,
        ("127.0.0.1", "/admin/staff-import/"): 302,
        ("127.0.0.1", "/staff/login/"): 200,
        ("127.0.0.2", "/admin/"): 403,
        ("127.0.0.2", "/admin/staff-import/"): 403,
        ("127.0.0.2", "/staff/login/"): 200,
    }


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X_Forwarded_For"])
def test_an_address_that_the_client_claims_is_not_believed(front: Front, header: str) -> None:
    with front.proxy.session(source="127.0.0.7") as client:
        refused = sign_in(client, front, password="wrong", **{header: CLAIMED})
    assert refused.status_code == 422
    newest = "SELECT action, host(address::inet) FROM access_events ORDER BY id DESC LIMIT 1"
    assert front.stack.query(newest) == [("sign_in_failed", "127.0.0.7")]


def test_slow_senders_hold_no_thread(front: Front, client: requests.Session) -> None:
    head = f"POST /staff/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5000\r\n\r\n".encode()
    context = ssl.create_default_context(cafile=str(front.proxy.certificate))
    with contextlib.ExitStack() as held:
        for _ in range(SLOW_SENDERS):
            plain = held.enter_context(socket.create_connection(("127.0.0.1", front.proxy.https_port)))
            held.enter_context(context.wrap_socket(plain, server_hostname=HOST)).sendall(head)
        answer = client.get(f"{front.proxy.url}/staff/login/", timeout=5)
    assert answer.status_code == 200


def test_what_was_searched_for_is_in_no_log(front: Front, client: requests.Session) -> None:
    """Not while Wardbook answers, and not while it does not."""
    address = f"{front.proxy.url}{SEARCH}?q={SOUGHT}"
    headers = {"Referer": address, "Cookie": f"x={SOUGHT}"}
    answered = client.get(address, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False)
    too_large = client.post(address, data=b"x" * 300_000, headers=headers, timeout=PATIENCE_SECONDS)
    front.stack.kill("web")
    try:
        unanswered = client.get(address, headers=headers, timeout=PATIENCE_SECONDS)
    finally:
        front.stack.start("web")
    assert (answered.status_code, too_large.status_code, unanswered.status_code) == (302, 413, 502)
    logged = front.proxy.logged()
    assert logged.count(SEARCH) == 3
    assert SOUGHT not in logged
