"""Talking with the assistant as the patient's app does."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from clinical.assistant.replies import answer_next_message
from clinical.models import AiSession

SESSIONS = "/api/v1/ai-sessions/"


def begin(api: APIClient, **body: Any) -> str:
    answer = api.post(SESSIONS, body)
    assert answer.status_code in (200, 201), answer.json()
    return str(answer.json()["id"])


def say(api: APIClient, session: str, text: str) -> Any:
    return api.post(f"{SESSIONS}{session}/messages/", {"text": text})


def work() -> None:
    while answer_next_message():
        pass


def talk(api: APIClient, session: str, *texts: str) -> None:
    for text in texts:
        assert say(api, session, text).status_code == 202
        work()


def transcript(session: str) -> str | None:
    return AiSession.objects.get(pk=session).transcript


def outcome(api: APIClient, session: str, request_id: str) -> Any:
    return api.get(f"{SESSIONS}{session}/messages/{request_id}/")
