"""Traces and the id of a request, through the real web process and workers."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.faults.harness import SECRET, Stack, running_stack, until

pytestmark = pytest.mark.slow

GIVEN = "request-id-of-the-app-1"
NUMBER = "436601234567"
NAME = "Paula Picklethorn"
UID = "uid-that-nobody-knows"
SCOPES = {"django", "psycopg", "celery", "requests", "redis"}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and the bodies it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()


def scopes(bodies: list[bytes]) -> set[str]:
    return {
        scope.scope.name.rpartition(".")[2]
        for body in list(bodies)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
    }


def send_webhook(stack: Stack) -> requests.Response:
    """Of a booking that Cal.com must be asked about: the answer is 404, and a call to a vendor all the same."""
    payload = {"uid": UID, "title": NAME, "attendees": [{"name": NAME, "email": "paula@example.org"}]}
    event = {"triggerEvent": "BOOKING_CREATED", "createdAt": "2026-03-02T10:00:00Z", "payload": payload}
    body = json.dumps(event).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Cal-Signature-256": signature, "X-Request-ID": GIVEN, "Content-Type": "application/json"}
    return requests.post(f"{stack.web}/webhooks/calcom/?search={NAME}", data=body, headers=headers, timeout=30)


def test_a_request_is_followed_to_the_worker_and_names_nobody(
    tmp_path: Path, collector: tuple[str, list[bytes]]
) -> None:
    endpoint, bodies = collector
    with running_stack(tmp_path) as stack:
        stack.start("web", "worker", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200")
        asked = requests.post(f"{stack.web}/api/v1/auth/otp/request/", json={"phone": f"+{NUMBER}"}, timeout=30)
        assert asked.status_code == 202
        assert requests.get(f"{stack.web}/api/v1/doctors/?search={NAME}", timeout=30).status_code == 401
        answer = send_webhook(stack)
        assert (answer.status_code, answer.headers["X-Request-ID"]) == (200, GIVEN)

        log = tmp_path / "worker.log"
        until(lambda: bool(re.search(rf"calcom\.webhooks_processed .*request_id={GIVEN}", log.read_text())))
        stack.query("UPDATE booking_lookups SET due_at = now()")
        stack.sweep("look_up_bookings")
        until(lambda: "calcom.call " in log.read_text())
        until(lambda: scopes(bodies) >= SCOPES)
    sent = b"".join(bodies).decode(errors="replace")
    for word in (NUMBER, NAME, "Paula", "search", UID, "INSERT INTO", "example.org"):
        assert word not in sent, word
    assert "api/v1/auth/otp/request/" in sent
