"""The simulator's chats and sessions."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from dev.simulators.vapi.world import ORG_ID, ChatRecord, SessionRecord, World

GREETING = "Hello, this is the hospital. How can I help?"
_ANSWERS = (
    (
        ("summar",),
        "{summary}",
    ),
    (("hello", "good morning", "good evening"), GREETING),
    (
        ("book", "appointment", "visit"),
        "I can tell you who has time. To book, choose a doctor and a time under Appointments.",
    ),
    (("prescription", "medicine"), "Your prescriptions are in the app under Prescriptions, with their state."),
    (("open", "hours"), "Please tell me which doctor you would like to see, and I will look at the hours."),
    (("thank", "bye"), "You are welcome. Take care."),
)
OTHERWISE = "I understand. Could you tell me a little more?"
R = TypeVar("R")


def reply(text: str, history: list[dict[str, Any]]) -> str:
    """The answer to `text`, after the turns so far."""
    lowered = text.lower()
    for words, answer in _ANSWERS:
        if any(word in lowered for word in words):
            return answer.replace("{summary}", _summary(history))
    return OTHERWISE


def _summary(history: list[dict[str, Any]]) -> str:
    asked = [str(turn["content"]) for turn in history if turn.get("role") == "user"]
    return f"The patient wrote {len(asked)} messages, first: {asked[0]}" if asked else "Nothing was said."


class ApiError(Exception):
    """Ends a simulated call; `message` is Vapi's, a text or a list of them."""

    def __init__(self, status: int, message: str | list[str], error: str) -> None:
        super().__init__(str(message))
        self.status, self.message, self.error = status, message, error

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "error": self.error, "statusCode": self.status}


class Body(BaseModel):
    # Vapi refuses what it does not know.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Overrides(Body):
    variable_values: dict[str, Any] = {}


class NewChat(Body):
    input: str | list[dict[str, Any]]
    assistant_id: str | None = None
    session_id: str | None = None
    previous_chat_id: str | None = None
    assistant_overrides: Overrides = Overrides()
    name: str | None = Field(default=None, max_length=40)
    stream: bool = False

    @field_validator("input")
    @classmethod
    def is_something(cls, value: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
        if not value:
            raise ValueError("input should not be empty")
        return value

    @property
    def text(self) -> str:
        return self.input if isinstance(self.input, str) else str(self.input[-1].get("content", ""))


class NewSession(Body):
    assistant_id: str | None = None
    expiration_seconds: int = Field(default=86400, ge=60, le=2592000)
    name: str | None = Field(default=None, max_length=40)
    customer: dict[str, Any] = {}


def create_chat(world: World, given: NewChat) -> dict[str, Any]:
    if given.session_id and given.previous_chat_id:
        raise bad_request("sessionId and previousChatId are mutually exclusive")
    if given.session_id and given.assistant_id:
        raise bad_request("assistantId should not be given with sessionId")
    history, assistant_id = _before(world, given)
    # A chat stays in its session.
    before = world.chats.get(given.previous_chat_id or "")
    session_id = given.session_id or (before.session_id if before else None)
    said = _scripted(world, given.text) or reply(given.text, history)
    asked: dict[str, Any] = {"role": "user", "content": given.text}
    answered: dict[str, Any] = {"role": "assistant", "content": said}
    chat = ChatRecord(
        id=world.new_id(),
        org_id=ORG_ID,
        assistant_id=assistant_id,
        session_id=session_id,
        previous_chat_id=given.previous_chat_id,
        input=given.text,
        messages=[*history, asked],
        output=[answered],
        created_at=world.now(),
    )
    world.keep(chat)
    if session := world.sessions.get(session_id or ""):
        session.messages = [*chat.messages, answered]
        world.keep(session)
    return chat_body(chat)


def create_session(world: World, given: NewSession) -> dict[str, Any]:
    now = world.now()
    session = SessionRecord(
        id=world.new_id(),
        org_id=ORG_ID,
        assistant_id=given.assistant_id,
        created_at=now,
        expires_at=now + dt.timedelta(seconds=given.expiration_seconds),
    )
    world.keep(session)
    return session_body(session)


def get_chat(world: World, chat_id: str) -> dict[str, Any]:
    return chat_body(found(world.chats, chat_id, "Chat"))


def get_session(world: World, session_id: str) -> dict[str, Any]:
    return session_body(found(world.sessions, session_id, "Session"))


def found(rows: dict[str, R], key: str, kind: str) -> R:
    if key not in rows:
        raise ApiError(404, f"{kind} with ID {key} not found.", "Not Found")
    return rows[key]


def bad_request(message: str | list[str]) -> ApiError:
    return ApiError(400, message, "Bad Request")


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def chat_body(chat: ChatRecord) -> dict[str, Any]:
    optional = {
        "assistantId": chat.assistant_id,
        "sessionId": chat.session_id,
        "previousChatId": chat.previous_chat_id,
    }
    return {
        "id": chat.id,
        "orgId": chat.org_id,
        **{name: value for name, value in optional.items() if value},
        "input": chat.input,
        "messages": chat.messages,
        "output": chat.output,
        "cost": 0.0012,
        "costs": [],
        "createdAt": stamp(chat.created_at),
        "updatedAt": stamp(chat.created_at),
    }


def session_body(session: SessionRecord) -> dict[str, Any]:
    return {
        "id": session.id,
        "orgId": session.org_id,
        "status": session.status,
        "assistantId": session.assistant_id,
        "messages": session.messages,
        "createdAt": stamp(session.created_at),
        "updatedAt": stamp(session.created_at),
    }


def _before(world: World, given: NewChat) -> tuple[list[dict[str, Any]], str | None]:
    """The turns so far, and who answers."""
    if given.previous_chat_id:
        before = found(world.chats, given.previous_chat_id, "Chat")
        return [*before.messages, *before.output], given.assistant_id or before.assistant_id
    if given.session_id:
        session = found(world.sessions, given.session_id, "Session")
        if session.status == "completed" or session.expires_at <= world.now():
            raise bad_request("Session is completed")
        return session.messages, session.assistant_id
    if not given.assistant_id:
        raise bad_request("One of assistantId, assistant, squadId, squad, sessionId or previousChatId is needed")
    return [], given.assistant_id


def _scripted(world: World, text: str) -> str | None:
    for script in world.scripted:
        if script.times > 0 and script.match.lower() in text.lower():
            script.times -= 1
            return script.say
    return None
