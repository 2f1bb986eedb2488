"""An assistant for tests: it remembers what it was asked, and says what it was told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from clinical.ports import AssistantUnavailable, ChatReply


@dataclass
class Memory:
    asked: list[tuple[str, str | None, str]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    is_down: bool = False


class FakeAssistant:
    memory: ClassVar[Memory] = Memory()

    def reply(self, text: str, *, after: str | None, hospital: str) -> ChatReply:
        self.memory.asked.append((text, after, hospital))
        if self.memory.is_down:
            raise AssistantUnavailable
        number = len(self.memory.asked)
        return ChatReply(self.memory.says.pop(0) if self.memory.says else f"Answer {number}.", f"chat-{number}")
