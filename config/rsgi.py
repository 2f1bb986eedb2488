"""What granian serves: bodies are read on its event loop, and a request meets Django once it is there in full.

Through WSGI a thread waits for the body, without a limit in time: a handful of unfinished requests would stop a web
process (`docs/adr/0016-bodies-before-threads.md`).
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.http import parse_cookie
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # granian exports it without saying so

from config.request_bodies import body_refusal, is_large, is_signed_in
from config.wsgi import application as wsgi

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
_ALIVE: Answer = (200, [("content-type", "text/plain"), ("cache-control", "no-store")], b"ok")
_TOO_LATE: Answer = (
    408,
    [("content-type", "text/plain"), ("connection", "close")],
    b"The body of this request did not arrive in time.",
)


class RequestHeaders(Protocol):
    def keys(self) -> Iterable[str]: ...
    def get(self, name: str) -> str | None: ...
    def get_all(self, name: str) -> list[str]: ...


class Scope(Protocol):
    """A request as granian describes it; `client` and `server` are `address:port`."""

    proto: str
    http_version: str
    scheme: str
    method: str
    path: str
    query_string: str
    client: str
    server: str
    headers: RequestHeaders


class BufferedWsgi:
    """A WSGI application behind granian's own interface (RSGI), in threads of its own.

    A body that is not complete after `body_seconds` is answered 408. What is refused for its size is not read at all.
    `/healthz` is answered without a thread: it is true while all of them are busy, or wait for a silent database.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int, body_seconds: float) -> None:
        self._application = application
        self._threads, self._body_seconds = threads, body_seconds

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by granian in each worker: threads do not survive a fork."""
        self._loop = loop
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="request")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._pool.shutdown()

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        if scope.proto != "http":
            protocol.close(403)
        elif scope.path == "/healthz" and scope.method in ("GET", "HEAD"):
            protocol.response_bytes(*_ALIVE)
        else:
            # A sender that goes away before the body is complete waits for no answer.
            with contextlib.suppress(ProtocolClosed):
                protocol.response_bytes(*await self._answer(scope, protocol))

    async def _answer(self, scope: Scope, protocol: Any) -> Answer:
        body = b""
        if await self._is_to_be_read(scope):
            try:
                async with asyncio.timeout(self._body_seconds):
                    body = await protocol()
            except TimeoutError:
                return _TOO_LATE
        return await self._loop.run_in_executor(self._pool, self._call, environ(scope, body))

    async def _is_to_be_read(self, scope: Scope) -> bool:
        length, coding, cookies = (
            scope.headers.get(name) for name in ("content-length", "transfer-encoding", "cookie")
        )
        if length in (None, "0") or body_refusal(scope.path, length, coding) is not None:
            return False
        return not is_large(length) or await self._loop.run_in_executor(self._pool, _are_signed_in, cookies or "")

    def _call(self, variables: dict[str, Any]) -> Answer:
        begun: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers, _error: Any = None) -> None:
            begun[:] = [(int(status[:3]), headers)]

        parts: Any = self._application(variables, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return *begun[0], body


def _are_signed_in(cookies: str) -> bool:
    try:
        return is_signed_in(parse_cookie(cookies))
    finally:
        connection.close()


def environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """WSGI's variables (PEP 3333)."""
    server, server_port = _split(scope.server)
    return {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # WSGI carries the path's bytes as if each were a letter of Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server,
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": _split(scope.client)[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **_headers(scope.headers),
    }


def _headers(headers: RequestHeaders) -> dict[str, str]:
    """By WSGI's names. One whose own name holds an underscore is dropped: it would pass for another's."""
    found = {}
    # Each name once, however often the header came.
    names = headers.keys()
    for name in names:
        if "_" in name:
            continue
        variable = name.upper().replace("-", "_")
        variable = variable if variable in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{variable}"
        found[variable] = ("; " if name == "cookie" else ",").join(headers.get_all(name))
    return found


def _split(address: str) -> tuple[str, str]:
    """`192.0.2.1:80` and `[2001:db8::1]:80` in their two parts."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port


application = BufferedWsgi(wsgi, threads=settings.WEB_THREADS, body_seconds=settings.REQUEST_BODY_SECONDS)
