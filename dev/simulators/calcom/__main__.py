"""A Cal.com of our own, as its own process on 127.0.0.1, for development and tests.

    python -m dev.simulators.calcom --port 9000 --state var/calcom.sqlite3 --api-key K --org-id 1

Prints `ready http://127.0.0.1:PORT` once it accepts; port 0 takes any free one; SIGTERM and SIGINT end it.
State survives restarts. Beside the API it answers, without a key:

- `GET  /_simulator/state`: counts, and the lists users, teams, schedules, event_types, bookings, webhooks,
  time_off, deliveries
- `POST /_simulator/reset`: forgets everything, faults and rate limits included
- `POST /_simulator/teams {id, name}`, `POST /_simulator/users {email, name, timeZone}`
- `POST /_simulator/bookings`: a list of bookings to have been there (see `control.BookingImport`)
- `POST /_simulator/events {trigger, uid, reason, start}`: MEETING_STARTED, MEETING_ENDED (flat bodies), PING,
  REQUEST_RESCHEDULE by the host, or BOOKER_MOVES to `start` on the booker's own page
- `PUT  /_simulator/permissions {adminApi, marks}`: what the vendor or the organisation allows
- `PUT  /_simulator/faults`: what goes wrong from now on, anything left out being switched off:
  `{webhooks: {duplicate, loss, shuffle, delay_ms}, api: {next: [{match, do, times, seconds, message, says}]}}`
- `POST /_simulator/flush`: sends every waiting webhook now, in any order, and answers when done
"""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Sequence

from dev.simulators.calcom.faults import Faults, Limiter
from dev.simulators.calcom.http import App
from dev.simulators.calcom.records import Webhook
from dev.simulators.calcom.webhooks import Courier
from dev.simulators.calcom.world import World
from dev.simulators.server import Store, serve
from integrations.calcom.api.requests import BOOKING_TRIGGERS


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until told to stop."""
    options = _parser().parse_args(argv)
    world = World(Store(options.state), org_id=options.org_id, seed=options.seed)
    if options.webhook_url:
        _subscribe(world, options.webhook_url, options.webhook_secret)
    courier = Courier(world, Faults(), retry_delay=options.retry_delay)
    app = App(world, courier, Limiter(options.rate_limit), api_key=options.api_key)
    courier.start()
    serve(app, options.port)
    courier.stop()
    with world.lock:
        world.store.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.simulators.calcom", description="A simulated Cal.com.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", required=True, help="path of the sqlite file")
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--org-id", type=int, default=1)
    parser.add_argument("--rate-limit", type=int, default=120, help="calls per minute and key")
    parser.add_argument("--webhook-url", help="subscribe the organisation to booking events at this address")
    parser.add_argument("--webhook-secret", help="the secret of that subscription")
    parser.add_argument("--retry-delay", type=float, default=0.2, help="seconds before a webhook is sent again")
    parser.add_argument("--seed", type=int, help="makes uids and faults the same every time")
    return parser


def _subscribe(world: World, url: str, secret: str | None) -> None:
    known = next((hook for hook in world.webhooks.values() if hook.url == url), None)
    hook = known or Webhook(id=str(uuid.uuid4()), org_id=world.org_id, url=url, triggers=[])
    hook.triggers, hook.secret, hook.active = list(BOOKING_TRIGGERS), secret, True
    world.webhooks[hook.id] = hook
    world.save(hook)


if __name__ == "__main__":
    main()
