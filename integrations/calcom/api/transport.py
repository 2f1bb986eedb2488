"""The only place that speaks HTTP to Cal.com."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TypeVar

import requests
import structlog
from pydantic import JsonValue, ValidationError
from requests.exceptions import RequestException

from integrations.calcom.api.answers import Answer, read_answer, unclear
from integrations.calcom.api.config import Bearer, CalcomConfig, Gate
from integrations.calcom.api.errors import CalcomError, CalcomRateLimited, CalcomUnavailable
from integrations.calcom.api.responses import read, readable
from integrations.http_failures import was_never_sent

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 8.0
# A web process asks for slots while a person waits.
SLOTS_TIMEOUT_SECONDS = 1.5

# A missing or unknown version is answered in the oldest shapes, or 404. Bookings and slots insist
# on their own; the organisation's routes, `me` and webhooks take any.
API_VERSION = "2024-08-13"
SLOTS_VERSION = "2024-09-04"

T = TypeVar("T")


class Transport:
    """One call: past the gate, sent, its answer read, and logged. Holds one HTTP session, which is no two threads'."""

    def __init__(
        self, config: CalcomConfig, *, session: requests.Session | None = None, gate: Gate | None = None
    ) -> None:
        self.config = config
        self._gate = gate
        self._base = config.base_url.rstrip("/")
        self._org = f"/v2/organizations/{config.org_id}"
        self._session = session or requests.Session()
        self._bearer = Bearer(config.api_key)
        self._no_key = Bearer("")

    def close(self) -> None:
        self._session.close()

    def _read(self, operation: str, path: str, kind: type[T], *, query: Mapping[str, str] | None = None) -> T:
        return self._parsed(operation, kind, self._call(operation, "GET", path, query=query), is_write=False)

    def _read_rows(
        self, operation: str, path: str, kind: type[T], *, query: Mapping[str, str] | None = None
    ) -> list[T]:
        """Those of a list's rows that can be read: one that cannot must not stop the others."""
        answer = self._call(operation, "GET", path, query=query)
        if not isinstance(answer.data, list):
            raise unclear(operation, is_write=False)
        rows = readable(kind, answer.data)
        if unreadable := len(answer.data) - len(rows):
            log.warning("calcom.rows_unreadable", operation=operation, rows=unreadable)
        return rows

    def _write(
        self,
        operation: str,
        method: str,
        path: str,
        kind: type[T],
        *,
        body: Mapping[str, JsonValue] | None = None,
    ) -> T:
        answer = self._call(operation, method, path, body={} if body is None else body)
        return self._parsed(operation, kind, answer, is_write=True)

    def _parsed(self, operation: str, kind: type[T], answer: Answer, *, is_write: bool) -> T:
        try:
            return read(kind, answer.data)
        except ValidationError:
            # From None: its text names what the answer held. For a write, what counts is that it did happen.
            raise unclear(operation, is_write=is_write) from None

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, JsonValue] | None = None,
    ) -> Answer:
        if self._gate is not None:
            self._gate.before_call(operation)
        started = time.monotonic()
        status: int | None = None
        outcome = "failed"
        try:
            response = self._send(operation, method, path, query=query, body=body)
            status = response.status_code
            headers, content = response.headers, response.content
            is_write = method != "GET"
            answer = read_answer(operation, is_write=is_write, status=status, headers=headers, body=content)
            outcome = "ok"
            return answer
        except CalcomError as error:
            outcome = error.code
            if self._gate is not None and isinstance(error, CalcomRateLimited):
                self._gate.after_refusal(operation, error.retry_after)
            raise
        finally:
            took_ms = round((time.monotonic() - started) * 1000)
            log.info("calcom.call", operation=operation, status=status, outcome=outcome, took_ms=took_ms)

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        body: Mapping[str, JsonValue] | None,
    ) -> requests.Response:
        is_slots = operation == "slots"
        try:
            return self._session.request(
                method,
                self._base + path,
                params=query,
                json=body,
                headers={"cal-api-version": SLOTS_VERSION if is_slots else API_VERSION},
                auth=self._no_key if is_slots else self._bearer,
                timeout=SLOTS_TIMEOUT_SECONDS if is_slots else TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except RequestException as error:
            # From None: the texts of requests carry the URL, and with it uids and e-mails.
            if was_never_sent(error):
                raise CalcomUnavailable(operation) from None
            raise unclear(operation, is_write=method != "GET") from None
