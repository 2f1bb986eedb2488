"""What the simulated Vapi remembers."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel


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
