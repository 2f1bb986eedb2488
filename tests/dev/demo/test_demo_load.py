from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import AccessEvent, ErasureRequest
from clinical.models import AiSession, Appointment, AppointmentBooking, Prescription
from clinical.visits.attention import attention_lists
from dev.demo.load import DemoRefused, empty, load
from dev.demo.patients_of_visits import NEWCOMERS
from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from hospitals.models import Hospital
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.inbound.pull import FIRST_WINDOW, pull_changed_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import BookingRequest, CalLink, CalWebhook, SyncRun, VapiEvent
from tests.cast import make_hospital

AT = dt.datetime(2026, 11, 18, 11, 7, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def development(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.fixture
def simulator(settings: Settings, tmp_path: Path) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path / "calcom.sqlite3") as process:
        settings.CALCOM_API_URL, settings.CALCOM_API_KEY = process.url, process.api_key
        settings.CALCOM_ORG_ID = process.org_id
        yield process


@pytest.mark.usefixtures("development", "simulator")
def test_every_page_of_the_portal_has_something_to_show_and_subscriptions_outlive_the_loading() -> None:
    client = calcom_client()
    client.create_org_webhook(url="http://127.0.0.1:1/webhooks/calcom/", secret="s3cret")
    demo = load(at=AT)
    kept = client.list_org_webhooks()
    client.close()

    assert [(one.subscriber_url, one.secret) for one in kept] == [("http://127.0.0.1:1/webhooks/calcom/", "s3cret")]
    for house in demo.houses:
        admin = house.admins[0].user
        found = {one.kind: one.items for one in attention_lists(admin, at=AT)}
        assert {kind: bool(items) for kind, items in found.items() if kind != "deactivated"} == dict.fromkeys(
            ("overlap", "time_off", "guest", "unconfirmed"), True
        )
        assert len(found["overlap"]) == 2
        assert len(found["guest"]) == NEWCOMERS
        choices = [item.decision and item.decision.choice for item in found["time_off"]]
        assert {"keep", "ask_to_move", None} <= set(choices)
    assert CalWebhook.objects.filter(status="FAILED").count() == 2
    assert Counter(SyncRun.objects.values_list("kind", flat=True)) == {"updated": 288, "window": 14}
    assert SyncRun.objects.filter(error__isnull=False).count() == 0
    assert ErasureRequest.objects.filter(state="asked").count() == 4
    assert BookingRequest.objects.filter(state="refused").count() == 12
    assert not BookingRequest.objects.filter(state__in=["queued", "sent", "unknown"]).exists()
    assert VapiEvent.objects.count() == AiSession.objects.filter(source="PHONE_CALL").count()
    assert AiSession.objects.unconfirmed_claims().count() == 2


@pytest.mark.usefixtures("development")
def test_the_same_moment_gives_the_same_demo() -> None:
    def everything() -> list[tuple[object, ...]]:
        return [
            *Appointment.objects.order_by("pk").values_list("pk", "patient", "start_ts", "status"),
            *Prescription.objects.order_by("pk").values_list("pk", "patient", "status", "updated_at"),
        ]

    load(at=AT)
    first = everything()
    empty()
    assert everything() == []
    load(at=AT)

    assert everything() == first


@pytest.mark.usefixtures("development")
def test_emptying_keeps_the_access_log_and_the_next_demo_goes_on_with_it() -> None:
    load(at=AT)
    before = AccessEvent.objects.count()
    empty()

    assert AccessEvent.objects.count() == before
    assert not Hospital.objects.exists()

    load(at=AT + dt.timedelta(days=1))

    moments = list(AccessEvent.objects.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert before < len(moments) < before * 1.1


def test_it_is_refused_outside_development() -> None:
    with pytest.raises(CommandError, match="development only"):
        call_command("load_demo")
    make_hospital("North", time_zone="Europe/Vienna")
    with pytest.raises(CommandError, match="development only"):
        call_command("load_demo", "--reset")

    assert Hospital.objects.count() == 1


@pytest.mark.usefixtures("development")
def test_it_is_refused_where_there_are_hospitals() -> None:
    make_hospital("North", time_zone="Europe/Vienna")
    with pytest.raises(DemoRefused):
        load(at=AT)

    assert Hospital.objects.count() == 1


@pytest.mark.usefixtures("development", "simulator")
def test_calendar_and_mirror_agree_and_a_doctor_connected_again_is_found() -> None:
    with time_machine.travel(AT, tick=False):
        load(at=AT)
        # As if none had been made: the first looks back for longest.
        SyncRun.objects.all().delete()
        changed = AppointmentBooking.objects.filter(updated_at__gte=AT - FIRST_WINDOW).count()
        run = pull_changed_bookings()
        was = CalLink.objects.order_by("pk")[0]
        client = calcom_client()
        link = connect_doctor(was.pk, client)
        client.close()

    assert run.error is None
    assert run.seen == changed
    assert changed > 50
    assert run.repaired == {}
    assert link.cal_user_id == was.cal_user_id
    assert link.cal_schedule_id == was.cal_schedule_id
    assert link.cal_event_type_id == was.cal_event_type_id
    assert link.is_in_step
    assert link.pushed_hash == was.pushed_hash
