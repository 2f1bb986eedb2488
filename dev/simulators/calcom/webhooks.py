"""Delivery of the simulator's webhooks: signed, from its own thread, with the faults switched on."""

from __future__ import annotations

import json
import threading
import time

import requests

from dev.simulators.calcom.events import Event, event_body, ping_body
from dev.simulators.calcom.faults import Faults
from dev.simulators.calcom.records import Delivery, Webhook
from dev.simulators.calcom.world import World
from integrations.calcom.api.config import HEADER, NO_SECRET, sign

PAYLOAD_VERSION = "2021-10-20"
MAX_ATTEMPTS = 3
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
GONE = 410
RECEIVER_TIMEOUT_SECONDS = 10
KEPT_DELIVERIES = 5000
IDLE_SECONDS = 1.0


class Courier:
    """Queues one POST per matching subscription and sees it through."""

    def __init__(self, world: World, faults: Faults, *, retry_delay: float) -> None:
        self._world = world
        self.faults = faults
        self._retry_delay = retry_delay
        self._wake = threading.Event()
        # One poster at a time, so that flushing and the thread never send the same delivery both.
        self._posting = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=2)

    def announce(self, event: Event) -> None:
        """Queue an event. The caller holds the world's lock."""
        world = self._world
        team_id = world.event_types[event.booking.event_type_id].team_id
        hearing = [hook for hook in world.webhooks.values() if _hears(hook, event.trigger, team_id)]
        if not hearing:
            return
        body = json.dumps(event_body(world, event), ensure_ascii=False)
        for hook in hearing:
            self._queue(hook, event.trigger, body)
        self._wake.set()

    def ping(self) -> None:
        """Queue Cal.com's test event for every subscription. The caller holds the world's lock."""
        body = json.dumps(ping_body(self._world))
        for hook in self._world.webhooks.values():
            self._queue(hook, "PING", body)
        self._wake.set()

    def flush(self) -> int:
        """Send all that waits, retries included, and say how many posts that took."""
        posts = 0
        with self._posting:
            while waiting := self._waiting(now=None):
                self._world.random.shuffle(waiting)
                for delivery in waiting:
                    self._post(delivery)
                    posts += 1
        return posts

    def _queue(self, hook: Webhook, trigger: str, body: str) -> None:
        world, faults = self._world, self.faults.webhooks
        is_lost = world.random.random() < faults.loss
        copies = 2 if world.random.random() < faults.duplicate else 1
        for _ in range(copies):
            delay_ms = faults.delay_ms + world.random.random() * faults.shuffle_window_ms
            delivery = Delivery(
                id=world.store.next_id("delivery"),
                webhook_id=hook.id,
                url=hook.url,
                trigger=trigger,
                body=body,
                signature=sign(hook.secret, body.encode()) if hook.secret else NO_SECRET,
                due_at=time.time() + delay_ms / 1000,
                state="lost" if is_lost else "pending",
            )
            world.deliveries[delivery.id] = delivery
            world.save(delivery)

    def _run(self) -> None:
        while not self._stopping:
            with self._posting:
                for delivery in self._waiting(now=time.time()):
                    self._post(delivery)
            self._wake.wait(self._seconds_to_next())
            self._wake.clear()

    def _waiting(self, *, now: float | None) -> list[Delivery]:
        with self._world.lock:
            pending = [row for row in self._world.deliveries.values() if row.state == "pending"]
        due = [row for row in pending if now is None or row.due_at <= now]
        return sorted(due, key=lambda row: (row.due_at, row.id))

    def _seconds_to_next(self) -> float:
        with self._world.lock:
            dues = [row.due_at for row in self._world.deliveries.values() if row.state == "pending"]
        return min(IDLE_SECONDS, max(0.0, min(dues) - time.time())) if dues else IDLE_SECONDS

    def _post(self, delivery: Delivery) -> None:
        status = _send(delivery)
        world = self._world
        with world.lock:
            delivery.attempts += 1
            delivery.last_status = status
            if status is not None and 200 <= status < 300:
                delivery.state = "delivered"
            elif (status is None or status in RETRIED_STATUSES) and delivery.attempts < MAX_ATTEMPTS:
                delivery.due_at = time.time() + self._retry_delay
            else:
                delivery.state = "failed"
            if delivery.id in world.deliveries:
                world.save(delivery)
            hook = world.webhooks.get(delivery.webhook_id)
            if status == GONE and hook is not None:
                hook.active = False
                world.save(hook)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        world = self._world
        if len(world.deliveries) <= KEPT_DELIVERIES:
            return
        ended = [row.id for row in world.deliveries.values() if row.state != "pending"][: KEPT_DELIVERIES // 2]
        for number in ended:
            del world.deliveries[number]
        world.store.remove(Delivery, [f"{number:012d}" for number in ended])


def _hears(hook: Webhook, trigger: str, team_id: int) -> bool:
    # A user's own subscription does not hear of team event types.
    return hook.active and trigger in hook.triggers and (hook.org_id is not None or team_id == 0)


def _send(delivery: Delivery) -> int | None:
    headers = {
        "Content-Type": "application/json",
        HEADER: delivery.signature,
        "X-Cal-Webhook-Version": PAYLOAD_VERSION,
    }
    try:
        response = requests.post(
            delivery.url,
            data=delivery.body.encode(),
            headers=headers,
            timeout=RECEIVER_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return response.status_code
