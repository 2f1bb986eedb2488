from __future__ import annotations

import functools
import ipaddress
import re

from django.http import HttpRequest

# Of an IPv6 address with the name of an interface.
LONGEST = 64
# Some gateways write the client's port too: `192.0.2.1:80`, `[2001:db8::1]:80`.
_WITH_PORT = re.compile(r"(?P<four>[0-9.]+):[0-9]+|\[(?P<six>[0-9a-fA-F:.]+)\](:[0-9]+)?")


def client_address(request: HttpRequest, *, trusted_proxies: int) -> str | None:
    """The client's address: REMOTE_ADDR, or the entry of X-Forwarded-For that our outermost proxy appended.

    Everything to the left of that entry is the client's own claim. None if what is there is no address.
    """
    candidate = request.META.get("REMOTE_ADDR", "")
    if trusted_proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= trusted_proxies:
            candidate = hops[-trusted_proxies]
    return _written_alike(candidate) if len(candidate) <= LONGEST else None


# Parsing an address costs as much as finding the view. Only short ones are kept: a client may write it.
@functools.lru_cache(maxsize=4096)
def _written_alike(candidate: str) -> str | None:
    with_port = _WITH_PORT.fullmatch(candidate)
    try:
        return str(ipaddress.ip_address(with_port["four"] or with_port["six"] if with_port else candidate))
    except ValueError:
        return None
