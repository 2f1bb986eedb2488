"""What we ask of Vapi, an operation each: the only place that speaks HTTP to it.

Every method may raise VapiRefused or VapiUnavailable. Nothing here repeats a call.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import requests
import structlog
from pydantic import BaseModel, JsonValue, ValidationError

from integrations.vapi.api.config import Bearer
from integrations.vapi.api.config import VapiConfig as VapiConfig
from integrations.vapi.api.responses import Call, Chat, Session, Unreadable, read_object

log = structlog.get_logger(__name__)
NOT_FOUND = 404
CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
# A language model thinks, and may use tools of ours meanwhile.
CHAT_SECONDS = 25.0
_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
T = TypeVar("T", bound=BaseModel)


class VapiError(Exception):
    """Any failure of a call. Its text is operation, status and code: never what was said."""

    code = "vapi_error"

    def __init__(self, operation: str, *, status: int | None = None) -> None:
        self.operation = operation
        self.status = status
        super().__init__(" ".join(str(part) for part in (self.code, operation, status) if part is not None))


class VapiRefused(VapiError):
    """Vapi understood and said no (4xx): the same call again gets the same answer."""

    code = "vapi_refused"

    @property
    def is_not_found(self) -> bool:
        return self.status == NOT_FOUND


class VapiUnavailable(VapiError):
    """No clear answer: not reached, too slow, too busy (429), broken. Vapi may have acted all the same.

    Asking again does no harm beyond its cost: a chat's turn that nobody saw is in no transcript of ours.
    """

    code = "vapi_unavailable"


class VapiClient:
    """Not to be shared between threads: it holds one HTTP session."""

    def __init__(
        self, config: VapiConfig, *, session: requests.Session | None = None, chat_seconds: float = CHAT_SECONDS
    ) -> None:
        self._base = config.base_url.rstrip("/")
        self._bearer = Bearer(config.api_key)
        self._session = session or requests.Session()
        self._chat_seconds = chat_seconds

    def close(self) -> None:
        self._session.close()

    def create_chat(
        self,
        text: str,
        *,
        assistant_id: str = "",
        previous_chat_id: str = "",
        session_id: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> Chat:
        """One turn of a chat: the assistant's answer is in `output`.

        The first turn names the assistant, each later one the chat before it or a session, never both of these.
        `variables` fill the assistant's template; Vapi keeps them.
        """
        given = {"assistantId": assistant_id, "previousChatId": previous_chat_id, "sessionId": session_id}
        body: dict[str, JsonValue] = {"input": text, **{name: value for name, value in given.items() if value}}
        if variables:
            body["assistantOverrides"] = {"variableValues": dict(variables)}
        return self._call("create_chat", "POST", "/chat", Chat, body=body, seconds=self._chat_seconds)

    def create_session(self, *, assistant_id: str, expiration_seconds: int) -> Session:
        """What several chats belong to, known to Vapi for so long (a minute to 30 days)."""
        body: dict[str, JsonValue] = {"assistantId": assistant_id, "expirationSeconds": expiration_seconds}
        return self._call("create_session", "POST", "/session", Session, body=body)

    def get_call(self, call_id: str) -> Call:
        """A phone or web call as it stands; after its end and some processing, with transcript and summary."""
        # Told by a message: what is no id would be another address.
        if not _CALL_ID.fullmatch(call_id):
            raise VapiRefused("get_call", status=404)
        return self._call("get_call", "GET", f"/call/{quote(call_id, safe='')}", Call)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        kind: type[T],
        *,
        body: Mapping[str, JsonValue] | None = None,
        seconds: float = READ_SECONDS,
    ) -> T:
        started = time.monotonic()
        status: int | None = None
        outcome = "failed"
        try:
            response = self._send(operation, method, path, body, seconds)
            status = response.status_code
            answer = _read(operation, status, response.content, kind)
            outcome = "ok"
            return answer
        except VapiError as error:
            outcome = error.code
            raise
        finally:
            took_ms = round((time.monotonic() - started) * 1000)
            log.info("vapi.call", operation=operation, status=status, outcome=outcome, took_ms=took_ms)

    def _send(
        self, operation: str, method: str, path: str, body: Mapping[str, JsonValue] | None, seconds: float
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                self._base + path,
                json=body,
                auth=self._bearer,
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
            )
        except requests.RequestException:
            # From None: the texts of requests carry the address, and with it a call's id.
            raise VapiUnavailable(operation) from None


def _read(operation: str, status: int, content: bytes, kind: type[T]) -> T:
    if 400 <= status < 500 and status not in {408, 429}:
        raise VapiRefused(operation, status=status)
    if not 200 <= status < 300:
        raise VapiUnavailable(operation, status=status)
    try:
        return kind.model_validate(read_object(content))
    except (Unreadable, ValidationError):
        # From None: its text names what the answer held.
        raise VapiUnavailable(operation, status=status) from None
