"""Model fields for what the PostgreSQL schema has and Django does not: native enums, SERIAL, `ON DELETE` rules."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class GenRandomUuid(models.Func):
    """`gen_random_uuid()`, as a column default."""

    function = "gen_random_uuid"
    template = "%(function)s()"
    output_field = models.UUIDField()


class TransactionNow(models.Func):
    """`now()`, the start of the transaction: what the reference schema has, where Django's `Now` is the statement's."""

    function = "now"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class EnumField(models.CharField[Any, Any]):
    """A column of a native PostgreSQL enum type.

    `enum_type` is the type's name; `choices` its labels. The type itself is made by a migration's SQL.
    """

    def __init__(self, *args: Any, enum_type: str, **kwargs: Any) -> None:
        self.enum_type = enum_type
        kwargs.setdefault("max_length", 63)  # NAMEDATALEN - 1, the longest label
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        kwargs.pop("max_length", None)
        return name, path, list(args), {**kwargs, "enum_type": self.enum_type}

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.enum_type

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        return {"type": self.enum_type, "check": None}

    def cast_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.enum_type

    def get_prep_value(self, value: Any) -> Any:
        """Refuse an unknown label here: PostgreSQL would answer with a DataError, a 500 in a list's filter."""
        value = super().get_prep_value(value)
        if isinstance(value, str) and self.choices and value not in dict(self.flatchoices):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        return value

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Cast explicitly: `CASE .. THEN %s` would be text, which PostgreSQL does not assign to an enum."""
        if hasattr(value, "as_sql"):
            return "%s"
        return f"%s::{self.enum_type}"


class SerialField(models.AutoField[int, int]):
    """`SERIAL`: an integer with a sequence of its own, where Django's AutoField makes an identity column."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "serial"

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> None:
        return None

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "integer"

    def cast_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "integer"


class NullableTextField(models.TextField[str | None, str | None]):
    """Text whose empty form value is NULL: two empty phones must not collide in a unique index."""

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value) or None

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(value, model_instance) or None


class _DatabaseRule:
    """The `ON DELETE` rule of a foreign key, kept by the database itself (see `core.db.backend`).

    `db_on_delete` is `CASCADE`, `RESTRICT`, `SET NULL` or, for PostgreSQL's own default, the empty string.
    """

    def __init__(self, *args: Any, db_on_delete: str, **kwargs: Any) -> None:
        self.db_on_delete = db_on_delete
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, path, args, {**kwargs, "db_on_delete": self.db_on_delete}


class DbForeignKey(_DatabaseRule, models.ForeignKey[Any, Any]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_index", False)  # indexes are named in Meta, as the reference schema names them
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "db_index": self.__dict__["db_index"]}


class DbOneToOneField(_DatabaseRule, models.OneToOneField[Any, Any]):
    pass


__all__ = [
    "DbForeignKey",
    "DbOneToOneField",
    "EnumField",
    "GenRandomUuid",
    "NullableTextField",
    "SerialField",
    "TransactionNow",
]
