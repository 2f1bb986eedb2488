"""The delivered configurations of nginx and Caddy, run before a web server of the tests.

Only addresses, ports and paths of files are replaced; a line that is not found in the delivered file is an error.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from dev.embedded.server import free_port, leashed
from tests.faults.harness import REPOSITORY, until

HOST = "localhost"
DELIVERED_HOST = "wardbook.example.org"
NGINX_MAIN = """
daemon off;
pid {directory}/nginx.pid;
{user}
error_log {directory}/main-error.log;
events {{}}
http {{
    client_body_temp_path {directory}/bodies;
    proxy_temp_path {directory}/answers;
    fastcgi_temp_path {directory}/unused;
    uwsgi_temp_path {directory}/unused;
    scgi_temp_path {directory}/unused;
    include {directory}/wardbook.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`logs` are all files that it writes about requests."""

    http_port: int
    https_port: int
    certificate: Path
    directory: Path

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.https_port}"

    def session(self, *, source: str = "127.0.0.1") -> requests.Session:
        """A client at `source`, any address of 127.0.0.0/8."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.certificate)
        session.mount("https://", _From(source))
        return session

    def logged(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.directory.glob("*.log")))


class _From(HTTPAdapter):
    def __init__(self, source: str) -> None:
        self._source = source
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, source_address=(self._source, 0))


def is_installed(name: str) -> bool:
    return bool(binary(name) and shutil.which("openssl"))


def binary(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def running_nginx(directory: Path, web_port: int, *, changes: Mapping[str, str]) -> Iterator[Proxy]:
    """`changes` are lines of the delivered file that the operator changes."""
    proxy = _proxy(directory)
    delivered = (REPOSITORY / "deploy" / "nginx" / "wardbook.conf").read_text()
    without_ipv6 = "".join(line for line in delivered.splitlines(True) if "[::]" not in line)
    text = replaced(
        without_ipv6,
        {
            "listen 80;": f"listen 127.0.0.1:{proxy.http_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{proxy.https_port} ssl http2;",
            f"https://{DELIVERED_HOST}": proxy.url,
            f"server_name {DELIVERED_HOST}": f"server_name {HOST}",
            "127.0.0.1:8000": f"127.0.0.1:{web_port}",
            "/etc/ssl/wardbook/fullchain.pem": str(proxy.certificate),
            "/etc/ssl/wardbook/privkey.pem": str(directory / "key.pem"),
            "/var/log/nginx": str(directory),
            **changes,
        },
    )
    (directory / "wardbook.conf").write_text(text)
    # Its worker would be another user, who may not read the test's files.
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(NGINX_MAIN.format(directory=directory, user=user))
    command = [str(binary("nginx")), "-p", str(directory), "-c", str(directory / "nginx.conf")]
    with _running(command, directory):
        until(partial(_answers, proxy))
        yield proxy


@contextlib.contextmanager
def running_caddy(directory: Path, web_port: int, *, changes: Mapping[str, str]) -> Iterator[Proxy]:
    proxy = _proxy(directory)
    certificate = f"tls {proxy.certificate} {directory / 'key.pem'}"
    ports = f"admin off\n\thttp_port {proxy.http_port}\n\thttps_port {proxy.https_port}\n\tdefault_bind 127.0.0.1\n"
    text = replaced(
        (REPOSITORY / "deploy" / "caddy" / "Caddyfile").read_text(),
        {
            "{\n\tservers {": f"{{\n\t{ports}\tservers {{",
            f"\n{DELIVERED_HOST} {{": f"\n{HOST} {{\n\t{certificate}",
            "reverse_proxy 127.0.0.1:8000": f"reverse_proxy 127.0.0.1:{web_port}",
            "/var/log/caddy": str(directory),
            **changes,
        },
    )
    (directory / "Caddyfile").write_text(text)
    command = [str(binary("caddy")), "run", "--config", str(directory / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(command, directory):
        until(partial(_answers, proxy))
        yield proxy


def replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the delivered file has no {old!r}"
        text = text.replace(old, new)
    return text


def _proxy(directory: Path) -> Proxy:
    certificate = directory / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(directory / "key.pem"), "-out", str(certificate), "-days", "2"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"),
        ],
        check=True,
        capture_output=True,
    )
    ssl.create_default_context(cafile=str(certificate))
    return Proxy(free_port(), free_port(), certificate, directory)


@contextlib.contextmanager
def _running(command: list[str], directory: Path) -> Iterator[None]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    with (directory / "program.log").open("wb") as log:
        process = subprocess.Popen(
            leashed(command, farewell=signal.SIGTERM),
            cwd=directory,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _answers(proxy: Proxy) -> bool:
    with contextlib.suppress(requests.ConnectionError), proxy.session() as session:
        return session.get(f"{proxy.url}/healthz", timeout=5).status_code == 200
    return False


RUNNERS: dict[str, Callable[..., contextlib.AbstractContextManager[Proxy]]] = {
    "nginx": running_nginx,
    "caddy": running_caddy,
}
