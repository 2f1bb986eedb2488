"""The simulator's HTTP face."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from werkzeug.wrappers import Request, Response

from dev.simulators.server import half_of, html_page, hung_up
from dev.simulators.vapi.calls import IncomingCall, call_body
from dev.simulators.vapi.chats import (
    ApiError,
    NewChat,
    NewSession,
    bad_request,
    chat_body,
    create_chat,
    create_session,
    found,
    get_chat,
    get_session,
    session_body,
)
from dev.simulators.vapi.messages import Switchboard
from dev.simulators.vapi.world import ApiFault, Faults, Scripted, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROL = "/_simulator/"
_STATUS_FAULTS = {
    "401": ApiError(
        401, "Invalid Key. Hot tip, you may be using the public key instead of the private.", "Unauthorized"
    ),
    "402": ApiError(402, "Wallet balance is too low. Please add a card.", "Payment Required"),
    "429": ApiError(429, "Too Many Requests", "Too Many Requests"),
    "500": ApiError(500, "Internal server error", "Internal Server Error"),
}
Answer = tuple[int, Any]


class App:
    """The WSGI application."""

    def __init__(self, world: World, switchboard: Switchboard, *, api_key: str) -> None:
        self.world = world
        self._switchboard = switchboard
        self._api_key = api_key

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return _guarded(lambda: self._control(request))
        with self.world.lock:
            fault = self._switchboard.faults.take(request.method, request.path)
        return _before(request, fault) or _after(request, _guarded(lambda: self._perform(request)), fault)

    def _perform(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self._api_key}":
            raise _STATUS_FAULTS["401"]
        kind, _, key = request.path.strip("/").partition("/")
        world = self.world
        with world.lock:
            match (request.method, kind, bool(key)):
                case ("POST", "chat", False):
                    return 201, create_chat(world, NewChat.model_validate(_json(request)))
                case ("GET", "chat", True):
                    return 200, get_chat(world, key)
                case ("POST", "session", False):
                    return 201, create_session(world, NewSession.model_validate(_json(request)))
                case ("GET", "session", True):
                    return 200, get_session(world, key)
                case ("GET", "call", True):
                    return 200, call_body(found(world.calls, key, "Call"))
        raise ApiError(404, f"Cannot {request.method} {request.path}", "Not Found")

    def _control(self, request: Request) -> Answer:
        match (request.method, request.path.removeprefix(CONTROL)):
            case ("GET", "state"):
                return 200, self._state()
            case ("POST", "calls"):
                # Without the lock: our server may ask for the call while it is being told of it.
                return 201, self._switchboard.play(IncomingCall.model_validate(_json(request)))
            case ("POST", "replies"):
                scripted = Scripted.model_validate({"id": "", **_json(request)})
                with self.world.lock:
                    self.world.scripted.append(scripted)
                return 201, {}
            case ("GET", "faults"):
                return 200, self._switchboard.faults.model_dump(mode="json")
            case ("PUT", "faults"):
                self._switchboard.faults = Faults.model_validate(_json(request))
                return 200, self._switchboard.faults.model_dump(mode="json")
            case ("POST", "reset"):
                self._switchboard.faults = Faults()
                with self.world.lock:
                    self.world.reset()
                return 200, {}
        raise ApiError(404, f"Cannot {request.method} {request.path}", "Not Found")

    def _state(self) -> dict[str, Any]:
        world = self.world
        with world.lock:
            return {
                "chats": [chat_body(row) for row in world.chats.values()],
                "sessions": [session_body(row) for row in world.sessions.values()],
                "calls": [call_body(row) for row in world.calls.values()],
                "deliveries": [row.model_dump(mode="json") for row in world.deliveries.values()],
            }


def _guarded(perform: Callable[[], Answer]) -> Response:
    try:
        status, body = perform()
    except ValidationError as error:
        refused = bad_request([f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()])
        status, body = refused.status, refused.body()
    except ApiError as error:
        status, body = error.status, error.body()
    return Response(json.dumps(body), status, mimetype="application/json")


def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise bad_request("Unexpected token in JSON") from None
    if not isinstance(body, dict):
        raise bad_request("The body is no object")
    return body


def _before(request: Request, fault: ApiFault | None) -> Response | None:
    match fault.do if fault is not None else None:
        case "401" | "402" | "429" | "500" as status:
            error = _STATUS_FAULTS[status]
            return Response(json.dumps(error.body()), error.status, mimetype="application/json")
        case "html":
            return html_page()
        case "drop":
            return hung_up(request)
        case "hang" if fault is not None:
            time.sleep(fault.seconds)
            return hung_up(request)
        case "late" if fault is not None:
            time.sleep(fault.seconds)
    return None


def _after(request: Request, response: Response, fault: ApiFault | None) -> Response:
    match fault.do if fault is not None else None:
        case "drop_after":
            return hung_up(request)
        case "half_body":
            return half_of(response)
    return response
