"""The Celery application. Messages are wake-ups only: the database is the queue (see `docs/architecture.md`)."""

from __future__ import annotations

from typing import Any

from celery import Celery, bootsteps
from celery.signals import beat_init, worker_shutdown

from config import heartbeats, task_log
from config.startup_errors import require_settings_module, run_or_explain


class Wardbook(Celery):
    def _load_config(self) -> Any:
        """Settings are first read here: what is missing is said in plain lines, and the program ends."""
        run_or_explain(require_settings_module)
        return run_or_explain(super()._load_config)


# Its handlers of Celery's signals are registered by importing it.
__all__ = ["app", "task_log"]

app = Wardbook("wardbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class HeartbeatStep(bootsteps.StartStopStep):
    """A part of a worker's loop: it begins when messages are taken, also when they are again, and ends with them."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        said = (consumer.hostname, sorted(queue.name for queue in consumer.task_consumer.queues))
        heartbeats.seen(*said)
        self._timer = consumer.timer.call_repeatedly(heartbeats.EVERY_SECONDS, heartbeats.seen, said)

    def stop(self, consumer: Any) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


app.steps["consumer"].add(HeartbeatStep)


@worker_shutdown.connect
def _worker_ended(sender: Any, **_: Any) -> None:
    heartbeats.ended(sender.hostname)


@beat_init.connect
def _beat_began(sender: Any, **_: Any) -> None:
    sender.scheduler.pulse = heartbeats.Pulse(heartbeats.beat_node(), [heartbeats.BEAT])
