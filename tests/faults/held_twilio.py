"""A Twilio that takes messages and, when told to, does not say so."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class HeldTwilio(ThreadingHTTPServer):
    """`taken` are the numbers of all messages, in order. From the message `held_from` on, nobody gets an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Messages)
        self.taken: list[str] = []
        self.held_from: int | None = None
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, number: str) -> bool:
        """Whether to answer."""
        with self._lock:
            self.taken.append(number)
            return self.held_from is None or len(self.taken) < self.held_from

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked is gone: that is what the test is about."""


class _Messages(BaseHTTPRequestHandler):
    server: HeldTwilio

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if not self.server.take(form["To"][0].removeprefix("+")):
            self.server.go_on.wait()
        body = json.dumps({"sid": f"SM{uuid.uuid4().hex}", "status": "queued"}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def held_twilio() -> Iterator[HeldTwilio]:
    with HeldTwilio() as server:
        thread = threading.Thread(target=server.serve_forever, name="twilio", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()
