"""What a page says, without its tags."""

from __future__ import annotations

import re


def text_of(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode())).replace("\N{EN DASH}", "-")
