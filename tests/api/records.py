"""The patient's app: who is signed in to it, and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework.test import APIClient

from accounts.models import DeviceToken, Patient
from tests.api.described import DescribedClient

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def alike(answer: Any) -> str:
    """All of an answer but what names and counts the single request: two that are the same tell the same."""
    named = answer["X-Request-ID"].encode()
    headers = sorted(item for item in answer.headers.items() if item[0] not in {"X-Request-ID", "RateLimit"})
    return f"{answer.status_code} {answer.content.replace(named, b'')!r} {headers}"


def sign_in(patient: Patient, **fields: Any) -> APIClient:
    _, token = DeviceToken.objects.create(user=patient.user, **fields)
    return client_with(token)


def client_with(token: str) -> APIClient:
    client = DescribedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
