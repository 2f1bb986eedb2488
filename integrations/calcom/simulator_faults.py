"""The simulator's switches for trouble: what may happen to deliveries and to the next calls."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_SHUFFLE_WINDOW_MS = 1000


class Switch(BaseModel):
    # A misspelt switch would make a test pass for nothing.
    model_config = ConfigDict(extra="forbid")


class WebhookFaults(Switch):
    """`duplicate` and `loss` are shares from 0 to 1; `shuffle` is a window in ms, or true for one second."""

    duplicate: float = Field(default=0, ge=0, le=1)
    loss: float = Field(default=0, ge=0, le=1)
    shuffle: bool | int = False
    delay_ms: int = Field(default=0, ge=0)

    @property
    def shuffle_window_ms(self) -> int:
        return DEFAULT_SHUFFLE_WINDOW_MS if self.shuffle is True else int(self.shuffle)


Instead = Literal["403", "500", "502", "429", "html", "hang", "drop"]
After = Literal["500_after_commit", "html_after_commit", "drop_after_commit", "hang_after_commit", "half_body", "late"]
Otherwise = Literal["ignore"]


class ApiFault(Switch):
    """`match` is "METHOD /path" with `*` for anything.

    403, 500, 502, html, 429, drop and hang happen instead of the operation; `.._after_commit` and half_body after it;
    late waits first, does it, and answers nothing; ignore does it as if the body were empty, and says it went well.
    """

    match: str
    do: Instead | After | Otherwise
    times: int = Field(default=1, ge=1)
    seconds: float = 30


class ApiFaults(Switch):
    next: list[ApiFault] = []


class Faults(Switch):
    webhooks: WebhookFaults = WebhookFaults()
    api: ApiFaults = ApiFaults()

    def take(self, method: str, path: str) -> ApiFault | None:
        """The fault for this call, used up by one."""
        for fault in self.api.next:
            if fault.times > 0 and fnmatchcase(f"{method} {path}", fault.match):
                fault.times -= 1
                return fault
        return None
