"""The scheduler of Celery's beat, on machines whose clock may be set back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from celery.beat import PersistentScheduler

from config.heartbeats import Pulse

# A clock that is corrected by less does not hold up any sweep for long.
TOLERANCE = dt.timedelta(seconds=1)


class SteadyScheduler(PersistentScheduler):
    """Celery's, which waits until the clock has caught up with what was sent at a later time.

    A clock that was an hour ahead, even for a minute, would end all sweeps for an hour.
    """

    pulse: Pulse | None = None

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        if self.pulse:
            self.pulse.beat()
        self._forget_the_future()
        return super().tick(*args, **kwargs)

    def close(self) -> None:
        super().close()
        if self.pulse:
            self.pulse.end()

    def _forget_the_future(self) -> None:
        """What was last sent later than now is due at once."""
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > entry.default_now() + TOLERANCE]
        for entry in ahead:
            entry.last_run_at = entry.default_now() - entry.schedule.run_every
        if ahead:
            # The order in which entries come is reckoned from these times, and has to be made anew.
            self._heap = None
