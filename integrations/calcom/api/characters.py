"""Characters that JSON can name and PostgreSQL cannot hold. Pure."""

from __future__ import annotations

import re

# Escapes are read one after the other, so that a backslash that is itself escaped begins none.
_ESCAPE = re.compile(
    rb"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|(?P<nul>u0000)|.)",
    re.DOTALL,
)


def storable_json(body: bytes) -> bytes:
    """The JSON with half a character (text that was cut inside an emoji) replaced by U+FFFD, and NUL spelled out."""
    return _ESCAPE.sub(_storable, body)


def _storable(escape: re.Match[bytes]) -> bytes:
    if escape["half"]:
        return rb"\ufffd"
    return rb"\\u0000" if escape["nul"] else escape[0]
