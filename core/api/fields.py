"""Serializers that take what they say they take: no unknown fields, no numbers for texts."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.text.digits import typed_code
from core.times import date_of, known_zone, moment_of

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class StrictSerializer(serializers.Serializer[Any]):
    # No docstring: the API's description would repeat it for every shape.
    # Refuses, by name, what it does not know: a misspelt field would otherwise be silently lost.

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(name) for name in set(data) - known)
            if unknown:
                error = serializers.ErrorDetail(str(_("There is no such field.")), code="unknown_field")
                raise serializers.ValidationError({name: [error] for name in unknown})
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CodeField(StrictCharField):
    """A code that was sent, in digits of any script; what people type between and around them does not count."""

    def to_internal_value(self, data: Any) -> str:
        code = typed_code(super().to_internal_value(data))
        if not code:
            self.fail("blank")
        return code


class OneLineField(StrictCharField):
    """What a person writes, as one line: line breaks and other control characters become spaces.

    Not refused: whoever pasted them does not see them.
    """

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(_CONTROL_CHARACTERS.sub(" ", data) if isinstance(data, str) else data)


class OpenChoiceField(serializers.CharField):
    """One of these texts today; more may come, so a client must take others too. For answers."""

    def __init__(self, values: Iterable[str], **kwargs: Any) -> None:
        self.values = [str(value) for value in values]
        super().__init__(**kwargs)


class StrictUUIDField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictDateField(serializers.DateField):
    def to_internal_value(self, value: Any) -> dt.date:
        try:
            return date_of(value if isinstance(value, str) else "")
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DD")


class AwareDateTimeField(serializers.DateTimeField):
    """A moment: ISO 8601 with an offset. Without one it would be a guess."""

    default_error_messages = {"invalid": _("Give a date and time of ISO 8601 with its offset, such as +02:00.")}

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            return moment_of(value if isinstance(value, str) else "")
        except ValueError:
            self.fail("invalid")


class TimeZoneField(StrictCharField):
    default_error_messages = {"unknown_time_zone": _("Not a time zone of the IANA list, such as Europe/Vienna.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if known_zone(name) is None or name not in zoneinfo.available_timezones():
            self.fail("unknown_time_zone")
        return name
