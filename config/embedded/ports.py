from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range from which Linux (32768) and macOS (49152) hand out outgoing ports: between our asking and
# the server's binding, somebody's outgoing connection cannot take the port.
RANDOM_PORTS = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """The preferred port if nobody has it, else one of the next hundred, else any."""
    nearby = range(preferred, min(preferred + 100, 65_536)) if preferred else range(0)
    candidates: list[int] = [*nearby, *random.sample(RANDOM_PORTS, 200)]
    for port in candidates:
        if is_free(port):
            return port
    raise OSError("no free port on 127.0.0.1")
