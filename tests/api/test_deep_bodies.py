"""Bodies nested so deeply that naming them in a refusal would be an error of its own."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("auth/otp/request/", "phone"),
        ("appointments/", "doctor"),
        ("appointments/", "start"),
        ("auth/step-up/", "date_of_birth"),
        ("ai-sessions/", "kind"),
    ],
)
def test_they_are_refused_as_any_wrong_value(path: str, field: str, api: APIClient) -> None:
    # orjson writes no more than this.
    body = orjson.dumps({field: nested(250)})
    for deeper in (0, 300, 700, 20_000):
        sent = body.decode().replace("1", "[" * deeper + "1" + "]" * deeper)
        headers = {"Idempotency-Key": f"key-{deeper}"}
        answer = api.generic("POST", f"/api/v1/{path}", sent, content_type="application/json", headers=headers)
        assert answer.status_code == 400, (deeper, answer.content)
