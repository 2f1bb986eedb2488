"""Another origin's web page: refused by default, let in by name. Settings are read once, so each case is a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("nothing_leaves")

ORIGIN = "https://app.example.org"
SCRIPT = """
import django, json, sys
django.setup()
from django.test import Client
client = Client(headers={"Origin": sys.argv[1]})
asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, idempotency-key"}
preflight = client.options("/api/v1/appointments/", headers=asked)
elsewhere = client.get("/staff/login/")
names = "access-control-"
found = [{k.lower(): v for k, v in one.headers.items() if k.lower().startswith(names)}
         for one in (preflight, elsewhere)]
print(json.dumps([preflight.status_code, *found]))
"""


def asked_from(origin: str, allowed: str) -> Any:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "CORS_ALLOWED_ORIGINS": allowed}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, origin],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ""), ("https://evil.example.org", ORIGIN)], ids=["none named", "another named"]
)
def test_an_origin_that_is_not_named_gets_nothing(origin: str, allowed: str) -> None:
    _status, *found = asked_from(origin, allowed)
    assert [one.get("access-control-allow-origin") for one in found] == [None, None]


def test_a_named_origin_may_call_the_patient_api_alone() -> None:
    status, preflight, elsewhere = asked_from(ORIGIN, ORIGIN)
    assert (status, preflight["access-control-allow-origin"]) == (200, ORIGIN)
    assert "idempotency-key" in preflight["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight
    assert elsewhere == {}
