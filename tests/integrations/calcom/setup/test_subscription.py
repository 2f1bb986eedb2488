"""Our one subscription is made, repaired, and watched."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pydantic import JsonValue

from accounts.models import User
from integrations.calcom.api.requests import BOOKING_TRIGGERS
from integrations.calcom.setup.subscription import check_subscription, check_subscription_if_due, ensure_subscription
from integrations.figures import health_figures
from integrations.models import SubscriptionCheck
from tests.integrations.calcom.clinic import call, next_call
from tests.integrations.calcom.conftest import Connected

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
OURS = "http://testserver/webhooks/calcom/"


def subscribe(*options: str) -> str:
    said = StringIO()
    call_command("calcom_subscribe", *options, stdout=said)
    return said.getvalue().strip()


def change(connected: Connected, body: dict[str, JsonValue]) -> None:
    (one,) = connected.client.list_org_webhooks()
    assert call(connected.simulator, "PATCH", f"/v2/organizations/1/webhooks/{one.id}", body).ok


def test_it_is_made_once_and_is_right(connected: Connected) -> None:
    with pytest.raises(CommandError, match="no subscription of ours"):
        subscribe("--check")
    assert subscribe() == "webhook subscription created"
    assert subscribe() == "webhook subscription unchanged"
    assert subscribe("--check") == "webhook subscription right"
    (one,) = connected.client.list_org_webhooks()
    assert (one.subscriber_url, one.active, set(one.triggers)) == (OURS, True, set(BOOKING_TRIGGERS))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"active": False}, "switched off"),
        ({"subscriberUrl": "http://old.example.com/webhooks/calcom/"}, "another address"),
        ({"triggers": ["BOOKING_CREATED"]}, "leaves out events"),
        ({"secret": "another"}, "another secret"),
        ({"payloadTemplate": '{"id": "{{uid}}"}'}, "payload template"),
    ],
)
def test_what_is_wrong_is_said_and_repaired(connected: Connected, wrong: dict[str, JsonValue], words: str) -> None:
    subscribe()
    change(connected, wrong)
    with pytest.raises(CommandError, match=words):
        subscribe("--check")
    assert subscribe() == "webhook subscription repaired"
    assert subscribe("--check") == "webhook subscription right"


def test_the_users_own_route_refuses_a_webhook_of_the_organisation(connected: Connected) -> None:
    subscribe()
    (one,) = connected.client.list_org_webhooks()
    for method in ("GET", "PATCH", "DELETE"):
        refusal = call(connected.simulator, method, f"/v2/webhooks/{one.id}", {})
        assert refusal.status_code == 403
        assert refusal.json()["error"]["message"] == (
            f"IsUserWebhookGuard - user with id=(1) is not the owner of webhook with id=({one.id})"
        )
    assert call(connected.simulator, "GET", f"/v2/organizations/1/webhooks/{one.id}").json()["data"]["id"] == one.id
    assert call(connected.simulator, "DELETE", f"/v2/organizations/1/webhooks/{one.id}").ok
    assert connected.client.list_org_webhooks() == []


def test_a_second_one_is_said(connected: Connected) -> None:
    subscribe()
    connected.client.create_org_webhook(url="http://old.example.com/webhooks/calcom/", secret="s")
    with pytest.raises(CommandError, match="More than one"):
        subscribe("--check")


def test_the_portal_shows_what_the_daily_look_found(connected: Connected) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    ensure_subscription(connected.client)
    change(connected, {"active": False})
    assert check_subscription(at=NOW).problems == ["inactive"]
    figures = health_figures(operator, at=NOW)
    assert figures.subscription_problems == ["The subscription is switched off: nothing is sent to us."]
    assert not figures.is_fine


def test_it_is_looked_at_once_a_day_and_hourly_while_wrong(connected: Connected) -> None:
    ensure_subscription(connected.client)
    assert check_subscription_if_due(at=NOW) is not None
    assert check_subscription_if_due(at=NOW + dt.timedelta(hours=23)) is None
    next_call(connected.simulator, "GET /v2/organizations/*", "500")
    failed = check_subscription_if_due(at=NOW + dt.timedelta(hours=24))
    assert failed is not None
    assert (failed.error, failed.problems) == ("calcom_unavailable", [])
    assert check_subscription_if_due(at=NOW + dt.timedelta(hours=25)) is not None
    assert SubscriptionCheck.objects.count() == 3
    # By a clock that was ahead until now.
    assert check_subscription_if_due(at=NOW - dt.timedelta(hours=1)) is not None
