"""How many calls one token, and one address, may make. Counted in Redis by one script in one round trip.

Nothing is counted while Redis is away: what must not fail open (guesses, codes) is counted in PostgreSQL.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable
from typing import cast

import orjson
import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from accounts.access_log.record import current_surface
from accounts.devices.authentication import presented_token
from core.api.errors import PROBLEM_CONTENT_TYPE, problem_document
from core.api.rate_limits import Quota, add_rate_limits
from core.rate_windows import address_subject
from core.refusals import TooOften

log = structlog.get_logger(__name__)

PATIENT_API = "/api/"
PERIOD_SECONDS = 60
SOCKET_TIMEOUT_SECONDS = 0.1
# After a failure Redis is left alone for so long: while it hangs, not every call waits for it.
PAUSE_SECONDS = 1.0

# Each key holds the moment at which all calls so far are paid off; a call pays with period / most seconds. So `most`
# calls may come at once, and then one in each such while. A moment further off was written before a clock was set
# back, and shuts nobody out. Answers the wait in seconds, 0 for none, then for each key how many calls are left and in
# how many seconds all of them are.
_SCRIPT = """
local now, period, wait, owed, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, {}, {}
for i, before in ipairs(redis.call('MGET', unpack(KEYS))) do
  before = tonumber(before) or now
  if before > now + 2 * period then before = now end
  owed[i], cost[i] = math.max(before - now, 0), period / tonumber(ARGV[i + 2])
  wait = math.max(wait, owed[i] + cost[i] - period)
end
local is_allowed = wait <= 0.000001
local answer = {is_allowed and 0 or math.ceil(wait)}
for i, key in ipairs(KEYS) do
  if is_allowed then
    owed[i] = owed[i] + cost[i]
    redis.call('SET', key, now + owed[i], 'PX', math.ceil(owed[i] * 1000) + 1)
  end
  answer[2 * i] = math.max(math.floor((period - owed[i]) / cost[i] + 0.001), 0)
  answer[2 * i + 1] = math.ceil(owed[i] - 0.000001)
end
return answer
"""
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class ThrottleMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._counts_again_at = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PATIENT_API):
            return self.get_response(request)
        wait, quotas = self._count(request)
        response = _too_many(wait) if wait else self.get_response(request)
        add_rate_limits(response.headers, quotas)
        return response

    def _count(self, request: HttpRequest) -> tuple[int, list[Quota]]:
        """Seconds until the next call is allowed, 0 if this one is; and what is left, if Redis is there to say so."""
        if time.monotonic() < self._counts_again_at:
            return 0, []
        rates = _rates(request)
        most = [rate for _, rate in rates.values()]
        try:
            wait, *found = _ask(len(rates), *rates, repr(time.time()), PERIOD_SECONDS, *most)
        except redis.RedisError as error:
            self._counts_again_at = time.monotonic() + PAUSE_SECONDS
            log.warning("throttle.off", error=type(error).__name__)
            return 0, []
        left = zip(rates.values(), found[::2], found[1::2], strict=True)
        return wait, [Quota(name, rate, PERIOD_SECONDS, calls, reset) for (name, rate), calls, reset in left]


def _rates(request: HttpRequest) -> dict[str, tuple[str, int]]:
    """By Redis key: a name, and how many calls a minute. The token as it is presented: who makes one up has an
    address.
    """
    surface = current_surface.get()
    address = f"throttle:address:{address_subject(surface.address)}"
    rates = {address: ("address", settings.API_CALLS_PER_ADDRESS_A_MINUTE)}
    if presented := presented_token(request):
        digest = hashlib.blake2b(presented.encode(errors="replace"), digest_size=16).hexdigest()
        rates[f"throttle:token:{digest}"] = ("device", settings.API_CALLS_PER_TOKEN_A_MINUTE)
    return rates


def _ask(*arguments: str | int) -> list[int]:
    """What the script answers.

    Raises: redis.RedisError.
    """
    client = _client(settings.REDIS_URL)
    try:
        answer = client.evalsha(_SHA, *arguments)  # type: ignore[arg-type]  # it takes texts and numbers
    except NoScriptError:
        answer = client.eval(_SCRIPT, *arguments)  # type: ignore[arg-type]  # likewise
    return cast(list[int], answer)  # the client is not asynchronous


@functools.cache
def _client(url: str) -> redis.Redis:
    """One for all threads of the process: its pool sees whether a connection still stands before it is used."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


def _too_many(wait: int) -> HttpResponse:
    document = problem_document(429, TooOften.code, TooOften.message)
    headers = {"Retry-After": str(wait)}
    return HttpResponse(orjson.dumps(document), status=429, content_type=PROBLEM_CONTENT_TYPE, headers=headers)
