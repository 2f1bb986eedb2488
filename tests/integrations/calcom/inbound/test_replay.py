"""Stored webhooks can be applied again: from the portal and from the command line, on record."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AccessEvent, User
from clinical.models import Appointment
from integrations.calcom.inbound.processing import process_webhooks
from integrations.models import CalWebhook
from tests.cast import HospitalCast
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.inbound.test_webhooks import event, post

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def stored(db: None) -> list[CalWebhook]:
    """One an hour from noon on: processed, failed, waiting, failed."""
    return [
        CalWebhook.objects.create(
            raw_webhook_body={"n": number},
            status=status,
            received_at=NOON + dt.timedelta(hours=number),
            notes="what went wrong",
            tries=6,
        )
        for number, status in enumerate(["PROCESSED", "FAILED", "PENDING", "FAILED"])
    ]


def replay(*options: str) -> list[str]:
    said = StringIO()
    call_command("replay_webhooks", *options, stdout=said)
    return said.getvalue().splitlines()


def states() -> list[str]:
    return list(CalWebhook.objects.order_by("pk").values_list("status", flat=True))


def test_a_failed_webhook_is_applied_again_and_the_body_stays(connected: Connected) -> None:
    post(event(connected.link.cal_user_id or 0))
    process_webhooks(at=timezone.now())
    Appointment.objects.all().delete()
    row = CalWebhook.objects.get()
    assert replay("--id", str(row.pk)) == ["1 of 1", "1 will be applied again by the worker"]
    process_webhooks(at=timezone.now())
    again = CalWebhook.objects.get()
    assert (again.status, again.tries, again.raw_webhook_body) == ("PROCESSED", 1, row.raw_webhook_body)
    assert Appointment.objects.count() == 1
    recorded = AccessEvent.objects.get(action="replayed_webhook")
    assert (recorded.object_kind, recorded.object_id, recorded.actor_role) == ("cal_webhook", str(row.pk), "SYSTEM")


def test_a_dry_run_changes_nothing(stored: list[CalWebhook]) -> None:
    assert replay("--failed", "--dry-run") == ["2 would be applied again"]
    assert states() == ["PROCESSED", "FAILED", "PENDING", "FAILED"]
    assert AccessEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "after"),
    [
        (["--failed"], ["PROCESSED", "PENDING", "PENDING", "PENDING"]),
        (["--from", "2026-03-02T12:00Z", "--to", "2026-03-02T13:00Z"], ["PENDING", "PENDING", "PENDING", "FAILED"]),
        (["--from", "2026-03-02T14:00Z", "--failed"], ["PROCESSED", "FAILED", "PENDING", "PENDING"]),
    ],
)
def test_a_choice_is_replayed(stored: list[CalWebhook], options: list[str], after: list[str]) -> None:
    replay(*options)
    assert states() == after
    assert set(CalWebhook.objects.filter(tries=0).values_list("status", flat=True)) == {"PENDING"}


@pytest.mark.parametrize("options", [[], ["--from", "yesterday"], ["--to", "2026-13-40T00:00Z"]])
def test_a_choice_that_cannot_be_read_is_said(stored: list[CalWebhook], options: list[str]) -> None:
    with pytest.raises(CommandError):
        replay(*options)
    assert states() == ["PROCESSED", "FAILED", "PENDING", "FAILED"]


@pytest.fixture
def operator_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", "a-long-test-password"))
    return client


LIST = "/admin/integrations/calwebhook/"
PERIOD = {"first": "2026-03-02T12:00", "last": "2026-03-02T23:00", "only_failed": "on"}


def test_an_operator_replays_chosen_ones(operator_client: Client, stored: list[CalWebhook]) -> None:
    chosen = {"action": "replay_selected", "_selected_action": [stored[0].pk, stored[1].pk, stored[2].pk]}
    assert operator_client.post(LIST, chosen).status_code == 302
    assert states() == ["PENDING", "PENDING", "PENDING", "FAILED"]
    recorded = AccessEvent.objects.get(action="replayed_webhook")
    assert (recorded.actor_role, recorded.reason) == ("OPERATOR", "2 webhooks")


def test_a_period_is_counted_before_it_is_replayed(operator_client: Client, stored: list[CalWebhook]) -> None:
    page = operator_client.post(f"{LIST}replay/", PERIOD)
    assert "2 webhooks would be applied again." in page.content.decode()
    assert states() == ["PROCESSED", "FAILED", "PENDING", "FAILED"]
    assert operator_client.post(f"{LIST}replay/", PERIOD | {"confirmed": "yes"}).status_code == 302
    assert states() == ["PROCESSED", "PENDING", "PENDING", "PENDING"]


def test_a_period_that_ends_before_it_starts_is_refused(operator_client: Client, stored: list[CalWebhook]) -> None:
    turned = {"first": PERIOD["last"], "last": PERIOD["first"], "confirmed": "yes"}
    assert "The end is before the start." in operator_client.post(f"{LIST}replay/", turned).content.decode()
    assert states() == ["PROCESSED", "FAILED", "PENDING", "FAILED"]


def test_a_hospital_admin_replays_nothing(north: HospitalCast, stored: list[CalWebhook]) -> None:
    client = Client()
    client.force_login(north.admin)
    chosen = {"action": "replay_selected", "_selected_action": [stored[1].pk]}
    assert client.post(LIST, chosen).status_code == 403
    assert client.post(f"{LIST}replay/", PERIOD | {"confirmed": "yes"}).status_code == 403
    assert client.get(f"{LIST}replay/").status_code == 403
    assert states() == ["PROCESSED", "FAILED", "PENDING", "FAILED"]
