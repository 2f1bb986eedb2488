"""The simulator's HTTP face: versions, limits, keys and faults before an operation, envelopes after it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from dev.simulators.calcom import control, people, subscriptions, visits
from dev.simulators.calcom.bookings import Bookings
from dev.simulators.calcom.calls import Call, Reply, Route
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.faults import ApiFault, Faults, Limiter
from dev.simulators.calcom.webhooks import Courier
from dev.simulators.calcom.world import World
from dev.simulators.server import half_of, html_page, hung_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROL = "/_simulator/"
VERSIONS = frozenset({"2024-04-15", "2024-06-11", "2024-06-14", "2024-08-13", "2024-09-04", "2026-02-25"})
FALLBACK_VERSION = "2024-04-15"
NO_ADMIN_API = (
    "IsAdminAPIEnabledGuard - Organization with id={org} does not have Admin API access."
    " Please contact https://cal.com/sales to upgrade."
)
# What is newer and answered alike.
SAME_VERSIONS = {"2026-02-25": "2024-08-13"}
ROUTES: list[Route] = [
    *people.ROUTES,
    *people.TEAM_ROUTES,
    *subscriptions.ROUTES,
    *visits.ROUTES,
    *control.ROUTES,
]


class App:
    """The WSGI application."""

    def __init__(self, world: World, courier: Courier, limiter: Limiter, *, api_key: str) -> None:
        self.world = world
        self._courier = courier
        self._limiter = limiter
        self._api_key = api_key
        self._bookings = Bookings(world, courier.announce, courier.ping)
        rules = [Rule(route.path, methods=[route.method], endpoint=route) for route in ROUTES]
        self._map = Map(rules, strict_slashes=False)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            return self._control(request)
        limits = self._limiter.take(self._rate_key(request), time.monotonic())
        if not limits.is_allowed:
            return self._rate_limited(request, limits.headers())
        fault = self._take_fault(request)
        response = self._before(request, fault) or self._perform(
            request, ignores_body=fault is not None and fault.do == "ignore"
        )
        response.headers.extend(limits.headers())
        return _after(request, response, fault)

    def _take_fault(self, request: Request) -> ApiFault | None:
        with self.world.lock:
            return self._courier.faults.take(request.method, request.path)

    def _before(self, request: Request, fault: ApiFault | None) -> Response | None:
        match fault.do if fault is not None else None:
            case "403" if fault is not None:
                return _refusal(request, ApiError(403, fault.message))
            case "500":
                return _broken(request)
            case "502":
                return html_page(502)
            case "html":
                return html_page()
            case "429":
                limits = {"X-RateLimit-Reset-Default": str(60)}
                return self._rate_limited(request, limits)
            case "drop":
                return hung_up(request)
            case "hang" if fault is not None:
                time.sleep(fault.seconds)
                return hung_up(request)
            case "late" if fault is not None:
                time.sleep(fault.seconds)
        return None

    def _rate_limited(self, request: Request, headers: Mapping[str, str]) -> Response:
        message = "CustomThrottlerGuard - Too many requests. Please try again later."
        response = _refusal(request, ApiError(429, message))
        response.headers.extend(dict(headers))
        return response

    def _perform(self, request: Request, *, ignores_body: bool = False) -> Response:
        try:
            route, ids = self._route(request)
            is_signed = self._is_signed(request, route)
            if ids.get("org_id", self.world.org_id) != self.world.org_id:
                raise ApiError(403, "Organization is not accessible with this key.")
            if "org_id" in ids and not self.world.has_admin_api:
                raise ApiError(403, NO_ADMIN_API.format(org=self.world.org_id))
            body = {} if ignores_body else _body(request)
            call = Call(self.world, self._bookings, ids, request.args.to_dict(), body, is_signed)
            with self.world.lock:
                reply = route.handle(call)
                return _success(reply, route.status)
        except ApiError as error:
            return _refusal(request, error)

    def _route(self, request: Request) -> tuple[Route, Mapping[str, int | str]]:
        missing = ApiError(404, f"Cannot {request.method} {request.path}")
        try:
            route, ids = self._map.bind("").match(request.path, request.method)
        except HTTPException:
            raise missing from None
        assert isinstance(route, Route)
        given = request.headers.get("cal-api-version", "")
        version = given if given in VERSIONS else FALLBACK_VERSION
        if route.version not in {None, SAME_VERSIONS.get(version, version)}:
            raise missing
        return route, ids

    def _is_signed(self, request: Request, route: Route) -> bool:
        header = request.headers.get("Authorization", "")
        if not header and route.key == "optional":
            return False
        if header != f"Bearer {self._api_key}":
            raise ApiError(401, "Your api key is not valid." if header else "No authentication provided.")
        return True

    def _rate_key(self, request: Request) -> str:
        return request.headers.get("Authorization") or f"ip:{request.remote_addr}"

    def _control(self, request: Request) -> Response:
        try:
            if (request.method, request.path) == ("PUT", f"{CONTROL}faults"):
                faults = Faults.model_validate(_body(request))
                with self.world.lock:
                    self._courier.faults = faults
                return _success(Reply(faults.model_dump(mode="json")), 200)
            if (request.method, request.path) == ("POST", f"{CONTROL}flush"):
                return _success(Reply({"posted": self._courier.flush()}), 200)
            if (request.method, request.path) == ("POST", f"{CONTROL}reset"):
                self._courier.faults = Faults()
                self._limiter.clear()
            return self._perform(request)
        except ValidationError as error:
            return _refusal(request, ApiError(400, str(error)))


def _body(request: Request) -> JsonValue:
    raw = request.get_data()
    if not raw:
        return {}
    try:
        parsed: JsonValue = json.loads(raw)
    except ValueError:
        raise ApiError(400, "Unexpected token in JSON") from None
    return parsed


def _success(reply: Reply, status: int) -> Response:
    envelope: dict[str, JsonValue] = {"status": "success"}
    if reply.has_data:
        envelope["data"] = reply.data
    return Response(json.dumps(envelope | reply.extra), status, mimetype="application/json")


def _refusal(request: Request, error: ApiError) -> Response:
    body = json.dumps(error.envelope(request.path))
    return Response(body, error.status, mimetype="application/json", headers={"X-Request-Id": "simulated"})


def _after(request: Request, response: Response, fault: ApiFault | None) -> Response:
    match fault.do if fault is not None else None:
        case "500_after_commit":
            return _broken(request)
        case "html_after_commit":
            return html_page()
        case "drop_after_commit" | "late":
            return hung_up(request)
        case "hang_after_commit" if fault is not None:
            time.sleep(fault.seconds)
            return hung_up(request)
        case "half_body":
            return half_of(response)
        case "lie" if fault is not None:
            response.set_data(json.dumps(fault.lie(json.loads(response.get_data()))))
    return response


def _broken(request: Request) -> Response:
    return _refusal(request, ApiError(500, "There was an error, please try again later."))
