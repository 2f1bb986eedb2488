"""The common ground of the payload models: tolerant of what is added, missing or null, strict about time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    TypeAdapter,
    model_validator,
)
from pydantic.alias_generators import to_camel

T = TypeVar("T")


def read(kind: type[T], data: JsonValue) -> T:
    """The data as a model, or as a list or mapping of models. Raises: pydantic.ValidationError."""
    parsed: T = _adapter(kind).validate_python(data)  # type: ignore[arg-type]  # a class is hashable
    return parsed


# Building a reader costs more than using it.
@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class VendorModel(BaseModel):
    """Cal.com's JSON under our names. A null counts as absent, so defaults need stating once."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value


def _only_text(value: object) -> object:
    # pydantic reads bare numbers as epochs; Cal.com never sends one, so a number here is a mistake to notice.
    if not isinstance(value, str | datetime):
        raise ValueError("a time is an ISO 8601 string")
    return value


def _to_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _whole_number_or_none(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects_only(value: object) -> list[object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object_or_empty(value: object) -> object:
    return value if isinstance(value, dict) else {}


# `Z`, `+00:00`, `.000Z` and an offset of some zone are all met; what comes out is aware and UTC.
UtcDatetime = Annotated[datetime, BeforeValidator(_only_text), AfterValidator(_to_utc)]
# A deleted user is printed with the id "unknown".
LooseInt = Annotated[int | None, BeforeValidator(_whole_number_or_none)]
LooseText = Annotated[str, BeforeValidator(_text_or_empty)]
ObjectsOnly = BeforeValidator(_objects_only)
ObjectOrEmpty = BeforeValidator(_object_or_empty)
