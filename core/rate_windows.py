"""Rolling windows: whether one more is allowed, and when it will be. No database, no clock."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NO_WAIT = dt.timedelta(0)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
# Longer than anything is kept; `at` less or plus this is still a date.
FOREVER = dt.timedelta(days=36_500)
UNKNOWN_ADDRESS = "unknown"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` hits in any `period`, and after the n-th of them a wait of `delays[n - 1]`, or of the last.

    `delays` never fall: so what is allowed stays allowed until the next hit. `at` may be earlier than the last hit:
    each request reads its clock before it waits for the others' lock, and machines' clocks differ.
    """

    most: int
    period: dt.timedelta
    delays: tuple[dt.timedelta, ...] = ()

    def recent(self, hits: Sequence[dt.datetime], at: dt.datetime) -> list[dt.datetime]:
        """The hits that still count, oldest first. One that another machine's clock puts ahead of ours counts."""
        return sorted(hit for hit in hits if hit > at - self.period)

    def allows(self, hits: Sequence[dt.datetime], at: dt.datetime) -> bool:
        recent = self.recent(hits, at)
        if len(recent) >= self.most:
            return False
        delay = self._delay(len(recent))
        return not delay or at >= recent[-1] + delay

    def wait(self, hits: Sequence[dt.datetime], at: dt.datetime) -> dt.timedelta:
        """How long until one more is allowed, exactly; zero if it is now."""
        if self.allows(hits, at):
            return NO_WAIT
        if self.most < 1:
            return self.period
        last = max(hits)
        turns = {hit + self.period for hit in hits} | {last + delay for delay in self.delays}
        moments = sorted(moment for moment in turns if moment > at)
        return moments[bisect_left(moments, True, key=lambda moment: self.allows(hits, moment))] - at

    def _delay(self, hits: int) -> dt.timedelta:
        return self.delays[min(hits, len(self.delays)) - 1] if self.delays and hits else NO_WAIT


def ceiling_wait(tallies: Mapping[dt.datetime, int], ceiling: int, at: dt.datetime) -> dt.timedelta:
    """How long until what was tallied by the minute, in the hour before, is below the ceiling; zero if it is now.

    A minute counts until all of it is an hour ago.
    """
    left = sum(sends for minute, sends in tallies.items() if minute > at - HOUR - MINUTE)
    wait = NO_WAIT
    for minute in sorted(minute for minute in tallies if minute > at - HOUR - MINUTE):
        if left < ceiling:
            break
        left -= tallies[minute]
        wait = minute + HOUR + MINUTE - at
    return wait


def whole_seconds(wait: dt.timedelta) -> int:
    """Rounded up: whoever waits that long has waited enough."""
    return -(-wait // dt.timedelta(seconds=1))


@functools.lru_cache(maxsize=4096)
def address_subject(address: str | None) -> str:
    """What an address counts as. One customer holds a whole /64 of IPv6; an absent address counts with its like."""
    if address is None:
        return UNKNOWN_ADDRESS
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
