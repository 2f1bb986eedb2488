"""Serializers that take what they say they take: no unknown fields, no numbers for texts."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zoneinfo
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.text.digits import typed_code

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses, by name, what it does not know: a misspelt field would otherwise be silently lost."""

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
    """Text without line breaks or other control characters, such as a name."""

    default_error_messages = {"control_characters": _("This may not hold line breaks or control characters.")}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if _CONTROL_CHARACTERS.search(text):
            self.fail("control_characters")
        return text


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
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class AwareDateTimeField(serializers.DateTimeField):
    """A moment: ISO 8601 with an offset. Without one it would be a guess."""

    default_error_messages = {"invalid": _("Give a date and time of ISO 8601 with its offset, such as +02:00.")}

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or timezone.is_naive(moment):
            self.fail("invalid")
        try:
            return moment.astimezone(dt.UTC)
        except OverflowError:
            self.fail("invalid")


class TimeZoneField(StrictCharField):
    default_error_messages = {"unknown_time_zone": _("Not a time zone of the IANA list, such as Europe/Vienna.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in zoneinfo.available_timezones():
            self.fail("unknown_time_zone")
        return name
