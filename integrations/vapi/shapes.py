"""Fields of Vapi's JSON as we take them: what is missing or odd becomes nothing, and never an error."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

# An id, a number or a reason; longer is none.
LONGEST_NAME = 200
# As long as a whole body may be.
LONGEST_TEXT = 256 * 1024
_MILLISECONDS_FROM = 100_000_000_000


class Unreadable(ValueError):
    """The body is not a JSON object."""


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises: Unreadable.

    By the standard library: its text may hold half a character, which stricter readers refuse with all the rest.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(found, dict):
        raise Unreadable
    return found


def clean(text: str) -> str:
    """As PostgreSQL can hold it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _name(value: object) -> str | None:
    text = _text(value)
    return text if text and len(text) <= LONGEST_NAME else None


def _text(value: object) -> str | None:
    return clean(value)[:LONGEST_TEXT].strip() or None if isinstance(value, str) else None


def _moment(value: object) -> dt.datetime | None:
    """From ISO text or a count of milliseconds or seconds since 1970."""
    try:
        if isinstance(value, str):
            return _aware(dt.datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _aware(moment: dt.datetime) -> dt.datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _object(value: object) -> object:
    return value if isinstance(value, dict | BaseModel) else {}


def _objects(value: object) -> object:
    return [item for item in value if isinstance(item, dict | BaseModel)] if isinstance(value, list) else []


Name = Annotated[str | None, BeforeValidator(_name)]
Text = Annotated[str | None, BeforeValidator(_text)]
Moment = Annotated[dt.datetime | None, BeforeValidator(_moment)]
OBJECT = BeforeValidator(_object)
OBJECTS = BeforeValidator(_objects)


class Loose(BaseModel):
    """What it does not name is dropped: the allow list."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)
