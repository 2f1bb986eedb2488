"""The simulator's switches for trouble: what happens to the next calls and to deliveries."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switch(BaseModel):
    # A misspelt switch would make a test pass for nothing.
    model_config = ConfigDict(extra="forbid")


class ApiFault(Switch):
    """`match` is "METHOD /path" with `*` for anything.

    401, 402, 429, 500, html, drop and hang happen instead of the operation; late waits first and then does it;
    half_body and drop_after happen once it is done.
    """

    match: str
    do: Literal["401", "402", "429", "500", "html", "drop", "hang", "late", "half_body", "drop_after"]
    times: int = Field(default=1, ge=1)
    seconds: float = 30


class MessageFaults(Switch):
    """Shares from 0 to 1 of the server messages that are sent twice, or never."""

    duplicate: float = Field(default=0, ge=0, le=1)
    loss: float = Field(default=0, ge=0, le=1)


class Faults(Switch):
    messages: MessageFaults = MessageFaults()
    next: list[ApiFault] = []

    def take(self, method: str, path: str) -> ApiFault | None:
        """The fault for this call, used up by one."""
        for fault in self.next:
            if fault.times > 0 and fnmatchcase(f"{method} {path}", fault.match):
                fault.times -= 1
                return fault
        return None
