"""The assistant's use of tools: read in each of the shapes Vapi sends, answered one line each, in time."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, ValidationError

from integrations.vapi.api.responses import OBJECT, Loose, Name, ServerMessage, clean
from integrations.vapi.numbers import hospital_called
from integrations.vapi.tools.answers import TOOLS, Answer, Asked

log = structlog.get_logger(__name__)

# Vapi waits longer, but a caller hears the silence.
ANSWER_SECONDS = 3.0
MOST_CALLS = 5
# Told that they are too many; what is behind these is not even that.
MOST_TOLD = 50
LONGEST_ANSWER = 600


@dataclass(frozen=True, slots=True)
class Answers:
    """`results` as Vapi takes them, `tools` by name as they were used."""

    results: Sequence[dict[str, str]]
    tools: Sequence[str]
    is_verified: bool


def _arguments(value: object) -> object:
    """An object, or the JSON text of one; anything else is no arguments at all."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


Arguments = Annotated[dict[str, Any], BeforeValidator(_arguments)]


class _Function(Loose):
    name: Name = None
    arguments: Arguments = {}


class _Use(Loose):
    """`{id, function: {name, arguments}}`, the arguments an object or text, or `{id, name, arguments | parameters}`."""

    id: Name = None
    name: Name = None
    arguments: Arguments = {}
    parameters: Arguments = {}
    function: Annotated[_Function, OBJECT] = _Function()

    @property
    def tool(self) -> str:
        return self.function.name or self.name or ""

    @property
    def given(self) -> dict[str, Any]:
        return self.function.arguments or self.arguments or self.parameters


def answer_tools(said: ServerMessage, raw: dict[str, Any], *, at: dt.datetime) -> Answers:
    """An answer for each use, in their order. Never raises: whatever goes wrong is said in words."""
    uses = _uses(raw)
    deadline = time.monotonic() + ANSWER_SECONDS
    asked = _asked(said, at, deadline)
    answers = [_answer(use, asked) if number < MOST_CALLS else Answer(_too_many()) for number, use in enumerate(uses)]
    results = [
        {"name": use.tool, "toolCallId": use.id or "", "result": one_line(answer.text)}
        for use, answer in zip(uses, answers, strict=True)
    ]
    names = [use.tool if use.tool in TOOLS else "unknown" for use in uses]
    return Answers(results, names, any(answer.is_verified for answer in answers))


def one_line(text: str) -> str:
    return " ".join(clean(text).split())[:LONGEST_ANSWER]


def _uses(raw: dict[str, Any]) -> list[_Use]:
    """Of the list, its older double, or the list that holds the tools beside their uses."""
    beside = [item.get("toolCall") for item in _list(raw.get("toolWithToolCallList")) if isinstance(item, dict)]
    for found in (_list(raw.get("toolCallList")), _list(raw.get("toolCalls")), beside):
        if uses := [_Use.model_validate(item) for item in found[:MOST_TOLD] if isinstance(item, dict)]:
            return uses
    return []


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _asked(said: ServerMessage, at: dt.datetime, deadline: float) -> Asked:
    called = said.phone_number.number or said.call.phone_number.number
    try:
        hospital_id = hospital_called(called)
    except Exception as error:  # a tool that needs it says so in words
        log.warning("vapi.hospital_not_known", error=type(error).__name__)
        hospital_id = None
    return Asked(hospital_id=hospital_id, at=at, deadline=deadline)


def _answer(use: _Use, asked: Asked) -> Answer:
    tool = TOOLS.get(use.tool)
    if tool is None:
        return Answer(_("There is no such tool. Tell the caller that this cannot be done on the phone."))
    try:
        return tool.run(tool.arguments.model_validate(use.given), asked)
    except ValidationError:
        return Answer(tool.hint())
    except Exception as error:  # the edge: a caller is waiting on the line
        log.error("vapi.tool_failed", tool=use.tool, error=type(error).__name__)
        return Answer(_("This cannot be looked up at the moment. Ask the caller to try the app or to call later."))


def _too_many() -> str:
    return _("Too many questions at once. Ask again, one at a time.")
