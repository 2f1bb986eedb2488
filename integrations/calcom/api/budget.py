"""How often Cal.com may be called: one allowance for all processes, kept in Redis.

Cal.com counts 120 calls a minute for a key and then shuts it out for a minute. Ours are counted over the past 60 s, at
most 80 in any: a bucket that refills would let twice that through in its first minute.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from integrations.calcom.api.errors import DEFAULT_RETRY_AFTER_SECONDS, CalcomRateLimited

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
CALLS_A_WINDOW = 80
KEPT_FOR_BOOKINGS = 20
# Without our key Cal.com counts by address, also 120.
SLOTS_A_WINDOW = 80
# Of these: one patient, who looks at a few doctors' weeks; and one hospital, once others have too few left.
SLOTS_A_PATIENT = 20
SLOTS_A_HOSPITAL = 40
SLOTS_KEPT_FOR_OTHERS = 20
# While Redis is away each process counts for itself; many processes must not add up to a block.
ALONE_A_WINDOW = 8
SOCKET_TIMEOUT_SECONDS = 0.2
# Set-up commands wait for their turn; a person watches them.
LONGEST_WAIT_SECONDS = 120

# `booking`: a patient waits. `background`: sweeps and pulls. `setup`: an operator's command. `slots`: without our key.
Purpose = Literal["booking", "background", "setup", "slots"]

# Returns 0 when the call may be made, else the milliseconds until it is worth asking again. The first key is the time
# until which nobody calls, the others count: all calls, then those of each share. For each of these there are two
# numbers: how many may be counted, and the calls in all below which it does not matter how many are.
_TAKE = """
local now, window, wait, total = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, 0
local blocked = tonumber(redis.call('GET', KEYS[1]) or '0')
if blocked > now then return blocked - now end
for i = 2, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - window)
    local allowed, free, used = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1]), redis.call('ZCARD', KEYS[i])
    if i == 2 then total = used end
    if used >= allowed and total >= free then
        local oldest = redis.call('ZRANGE', KEYS[i], used - allowed, used - allowed, 'WITHSCORES')
        wait = math.max(wait, 1, tonumber(oldest[2]) + window - now)
    end
end
if wait > 0 then return wait end
for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[i], window)
end
return 0
"""

_BLOCK = """
local till = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]) + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], till, 'PX', math.max(1, till - tonumber(ARGV[1])))
return till
"""


@dataclass(frozen=True, slots=True)
class Share:
    """Of an allowance: at most so many calls of one `owner` count, except while there are fewer than `free` in all."""

    owner: str
    most: int
    free: int = 0


class Alone:
    """A process's own small allowance, for when Redis cannot be asked."""

    def __init__(self, allowed: int = ALONE_A_WINDOW) -> None:
        self._allowed = allowed
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        with self._lock:
            while self._taken and self._taken[0] <= now - WINDOW_SECONDS:
                self._taken.popleft()
            if len(self._taken) >= self._allowed:
                return False
            self._taken.append(now)
            return True


@dataclass(frozen=True, slots=True)
class Budget:
    """One allowance. `clock` gives seconds since 1970, the same on all machines within a second or so."""

    connection: redis.Redis
    alone: Alone
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def take(self, operation: str, purpose: Purpose, shares: Sequence[Share] = ()) -> None:
        """Count one call. Raises: CalcomRateLimited when it must not be made now."""
        waited = 0.0
        while (wait := self._wait_seconds(purpose, shares)) > 0:
            if purpose != "setup" or waited + wait > LONGEST_WAIT_SECONDS:
                log.info("calcom.budget_used_up", operation=operation, purpose=purpose, wait_seconds=math.ceil(wait))
                raise CalcomRateLimited(operation, retry_after=math.ceil(wait))
            self.sleep(wait)
            waited += wait

    def block(self, purpose: Purpose, seconds: float) -> None:
        """Nobody calls for so long: Cal.com has said 429."""
        try:
            self.connection.eval(_BLOCK, 1, self._keys(purpose)[0], self._now_ms(), int(seconds * 1000))
        except RedisError as error:
            log.warning("calcom.budget_unreachable", error=type(error).__name__)

    def _wait_seconds(self, purpose: Purpose, shares: Sequence[Share]) -> float:
        allowed = {
            "booking": CALLS_A_WINDOW,
            "setup": CALLS_A_WINDOW,
            "background": CALLS_A_WINDOW - KEPT_FOR_BOOKINGS,
            "slots": SLOTS_A_WINDOW,
        }[purpose]
        keys = self._keys(purpose)
        keys += [f"{keys[-1]}:{share.owner}" for share in shares]
        limits: list[str | int] = [number for share in shares for number in (share.most, share.free)]
        arguments: list[str | int] = [
            *keys,
            self._now_ms(),
            WINDOW_SECONDS * 1000,
            uuid.uuid4().hex,
            allowed,
            0,
            *limits,
        ]
        try:
            wait_ms = self.connection.eval(_TAKE, len(keys), *arguments)
        except RedisError as error:
            log.warning("calcom.budget_unreachable", error=type(error).__name__)
            may_go_on = purpose != "background" and self.alone.take(self.clock())
            return 0 if may_go_on else DEFAULT_RETRY_AFTER_SECONDS / 2
        return int(wait_ms) / 1000

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)

    @staticmethod
    def _keys(purpose: Purpose) -> list[str]:
        # One slot of a cluster: a script may only touch keys of one.
        name = "slots" if purpose == "slots" else "key"
        return [f"{{calcom:{name}}}:blocked-until", f"{{calcom:{name}}}:calls"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What the client asks before each call, for one purpose; slots always count as slots."""

    budget: Budget
    purpose: Purpose
    shares: Sequence[Share] = ()

    def before_call(self, operation: str) -> None:
        self.budget.take(operation, self._purpose(operation), self.shares)

    def after_refusal(self, operation: str, seconds: float) -> None:
        self.budget.block(self._purpose(operation), seconds)

    def _purpose(self, operation: str) -> Purpose:
        return "slots" if operation == "slots" else self.purpose


@cache
def shared_budget() -> Budget:
    """This process's hold on the allowance that all share."""
    return Budget(_connection(settings.REDIS_URL), Alone())


def _connection(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        # A try that failed is answered at once: somebody may be waiting.
        retry=Retry(NoBackoff(), 0),
    )
