"""The simulated account: chats, sessions and calls by id, written through to the store; its switches for trouble."""

from __future__ import annotations

import datetime as dt
import random
import threading
import uuid
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dev.simulators.server import Store

ORG_ID = "679a13ec-f40d-4055-8959-797c4ee10001"
PHONE_NUMBER_ID = "5a5a04dc-dcbe-45b1-8f64-fd32a253d135"
KEPT_DELIVERIES = 2000


class ChatRecord(BaseModel):
    id: str
    org_id: str
    assistant_id: str | None
    session_id: str | None
    previous_chat_id: str | None
    input: str
    messages: list[dict[str, Any]]
    output: list[dict[str, Any]]
    created_at: dt.datetime


class SessionRecord(BaseModel):
    id: str
    org_id: str
    assistant_id: str | None
    status: Literal["active", "completed"] = "active"
    messages: list[dict[str, Any]] = []
    created_at: dt.datetime
    expires_at: dt.datetime


class CallRecord(BaseModel):
    """`report` holds what the report says beyond the call itself; it becomes part of the call after its end."""

    id: str
    org_id: str
    body: dict[str, Any]
    report: dict[str, Any]
    created_at: dt.datetime


class DeliveryRecord(BaseModel):
    id: str
    type: str
    call_id: str | None
    attempts: int
    last_status: int | None
    state: Literal["delivered", "failed", "lost"]
    answer: str = ""


class Scripted(BaseModel):
    """What the assistant answers to the next input that contains `match`."""

    id: str
    match: str = ""
    say: str
    times: int = 1


class World:
    """Hold `lock` over every read that must be whole and over every write."""

    def __init__(self, store: Store, *, seed: int | None = None) -> None:
        self.store = store
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.chats = {row.id: row for row in store.load(ChatRecord)}
        self.sessions = {row.id: row for row in store.load(SessionRecord)}
        self.calls = {row.id: row for row in store.load(CallRecord)}
        self.deliveries = {row.id: row for row in store.load(DeliveryRecord)}
        self.scripted: list[Scripted] = []

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def keep(self, row: ChatRecord | SessionRecord | CallRecord | DeliveryRecord) -> None:
        match row:
            case ChatRecord():
                self.chats[row.id] = row
            case SessionRecord():
                self.sessions[row.id] = row
            case CallRecord():
                self.calls[row.id] = row
            case DeliveryRecord():
                self.deliveries[row.id] = row
                self._forget_oldest()
        self.store.put([(row.id, row)])

    def reset(self) -> None:
        self.store.clear()
        rows: list[dict[str, BaseModel]] = [self.chats, self.sessions, self.calls, self.deliveries]  # type: ignore[list-item]  # emptied, whatever they hold
        for held in rows:
            held.clear()
        self.scripted.clear()

    def _forget_oldest(self) -> None:
        gone = list(self.deliveries)[: max(0, len(self.deliveries) - KEPT_DELIVERIES)]
        for number in gone:
            del self.deliveries[number]
        self.store.remove(DeliveryRecord, gone)


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
