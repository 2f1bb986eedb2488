"""A Vapi of our own, as its own process on 127.0.0.1, for development and tests.

    python -m dev.simulators.vapi --port 9100 --state var/vapi.sqlite3 --api-key K \
        --server-url http://127.0.0.1:8000/webhooks/vapi/ --server-secret S

Prints `ready http://127.0.0.1:PORT` once it accepts; port 0 takes any free one; SIGTERM and SIGINT end it.
State survives restarts. It answers `/chat`, `/session` and `GET /call/{id}` with the key, and without one:

- `GET  /_simulator/state`: the lists chats, sessions, calls, deliveries
- `POST /_simulator/reset`: forgets everything, faults and replies included
- `POST /_simulator/calls`: a call comes in, is held and ends, its messages sent when this answers
  (`calls.IncomingCall`): `{from, to, lines: [{role, says}], tools: [{name, arguments, shape}], summary,
  startedAt, seconds, report: sent|doubled|redelivered|missing|before_ended, sendsStatus, isProcessed, hasArtifacts,
  times: described|iso|ms, type}`
- `POST /_simulator/replies {match, say, times}`: what the assistant answers to the next input that contains `match`
- `PUT  /_simulator/faults`: `{messages: {duplicate, loss}, next: [{match, do, times, seconds}]}`, what is left out
  being switched off
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from dev.simulators.server import Store, serve
from dev.simulators.vapi.http import App
from dev.simulators.vapi.messages import Switchboard, Target
from dev.simulators.vapi.world import Faults, World


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _parser().parse_args(argv)
    world = World(Store(options.state), seed=options.seed)
    app = App(world, Switchboard(world, _target(options), Faults()), api_key=options.api_key)
    serve(app, options.port)
    with world.lock:
        world.store.close()


def _target(options: argparse.Namespace) -> Target | None:
    if not options.server_url:
        return None
    return Target(options.server_url, options.server_secret, not options.plain_secret, options.retry_delay)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.simulators.vapi", description="A simulated Vapi.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", required=True, help="path of the sqlite file")
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--server-url", help="where server messages go")
    parser.add_argument("--server-secret", default="", help="signs them")
    parser.add_argument("--plain-secret", action="store_true", help="send the secret itself, as older accounts do")
    parser.add_argument("--retry-delay", type=float, default=0.2, help="seconds before a message is sent again")
    parser.add_argument("--seed", type=int, help="makes ids and faults the same every time")
    return parser


if __name__ == "__main__":
    main()
