"""What of the assistant did not go through: on the portal's first page, and in the figures that alarms watch."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.models import Patient, User
from clinical.models import AiSession, ChatMessage
from integrations.figures import health_figures
from integrations.models import VapiEvent
from tests.cast import PASSWORD, HospitalCast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]
AT = dt.datetime(2026, 11, 21, 22, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def told(number: int, status: str, received_at: dt.datetime = AT, next_try_at: dt.datetime | None = None) -> None:
    VapiEvent.objects.create(
        event_type="status-update",
        projection={},
        body_sha256=str(number),
        status=status,
        received_at=received_at,
        next_try_at=next_try_at,
    )


def asked(patient: Patient, state: str, at: dt.datetime, kind: str = "message") -> None:
    session = AiSession.objects.create(patient=patient, source="APP", transcript="User: Hello", start_time=at)
    ChatMessage.objects.create(
        session=session,
        kind=kind,
        state=state,
        line=0 if kind == "message" else None,
        asked_at=at,
        settled_at=at if state == "failed" else None,
    )


@pytest.fixture
def _troubles(patient: Patient) -> None:
    told(1, "FAILED")
    told(2, "FAILED", AT - 25 * HOUR)
    told(3, "FAILED", AT - 8 * 24 * HOUR)
    told(4, "PENDING")
    told(5, "PENDING", next_try_at=AT + HOUR)
    asked(patient, "failed", AT - HOUR / 2)
    asked(patient, "failed", AT - 2 * HOUR)
    asked(patient, "failed", AT - 25 * HOUR)
    asked(patient, "queued", AT - HOUR / 2)
    asked(patient, "failed", AT - HOUR / 2, kind="summary")


@pytest.mark.usefixtures("_troubles")
@time_machine.travel(AT, tick=False)
def test_home_counts_what_did_not_go_through(north: HospitalCast, admin_client: Client) -> None:
    figures = health_figures(north.admin, at=AT)
    assert (figures.calls_failed, figures.chats_unanswered, figures.is_assistant_fine) == (2, 2, False)
    # In step with the calendar is another matter.
    assert figures.webhooks_failed == 0
    page = admin_client.get("/admin/").content.decode()
    assert "Some calls or chats failed." in page
    assert "/admin/integrations/vapievent/" not in page
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    assert "/admin/integrations/vapievent/?status=FAILED" in operator.get("/admin/").content.decode()
    assert operator.get("/admin/integrations/vapievent/?status=FAILED").status_code == 200


@time_machine.travel(AT, tick=False)
def test_home_says_when_all_went_through(admin_client: Client) -> None:
    assert "AI assistant operational" in admin_client.get("/admin/").content.decode()


@pytest.mark.usefixtures("_troubles")
@time_machine.travel(AT, tick=False)
def test_alarms_see_them(db: None) -> None:
    shown = Client().get("/metrics").content.decode().splitlines()
    assert {line for line in shown if line.startswith(("wardbook_vapi", "wardbook_chats"))} == {
        "wardbook_vapi_events_waiting 1.0",
        "wardbook_vapi_events_failed_last_day 1.0",
        "wardbook_chats_waiting 1.0",
        "wardbook_chats_failed_last_hour 2.0",
    }
