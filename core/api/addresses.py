"""What addresses of the API hold."""

from __future__ import annotations

import uuid

from django.urls.converters import UUIDConverter


class AnyCaseUUIDConverter(UUIDConverter):
    """An id in either case: RFC 9562 says that UUIDs are read so, and Swift prints them in capitals."""

    regex = UUIDConverter.regex.replace("a-f", "a-fA-F")

    # Written out for the description, which reads the type from here.
    def to_python(self, value: str) -> uuid.UUID:
        return super().to_python(value)
