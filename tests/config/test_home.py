from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Patient, User
from clinical.agenda.figures import VisitCounts, day_figures
from clinical.models import Prescription
from hospitals.models import Hospital
from integrations.figures import health_figures
from integrations.models import CalLink, CalWebhook, SyncRun
from tests.admin.records import book, prescribe
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("published")

# 23:30 on the 21st in Vienna.
AT = dt.datetime(2026, 11, 21, 22, 30, tzinfo=dt.UTC)
VIENNA_21ST = dt.datetime(2026, 11, 20, 23, 0, tzinfo=dt.UTC)
MOST_QUERIES = 20
QUERIES = 16


def fill_day(cast: HospitalCast, patient: Patient) -> None:
    hour = dt.timedelta(hours=1)
    book(cast, patient, VIENNA_21ST - hour)  # the day before
    book(cast, patient, VIENNA_21ST)
    book(cast, patient, VIENNA_21ST + hour, status="COMPLETED")
    book(cast, patient, VIENNA_21ST + 2 * hour, status="COMPLETED")
    book(cast, patient, VIENNA_21ST + 3 * hour, no_show=True)
    book(cast, None, VIENNA_21ST + 4 * hour, status="CANCELLED")
    book(cast, patient, VIENNA_21ST + 24 * hour)  # the day after


def test_the_day_is_the_hospitals_day(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    fill_day(north, patient)
    book(south, patient, AT)
    figures = day_figures(north.admin, at=AT, zone=ZoneInfo("Europe/Vienna"))
    assert figures.day == dt.date(2026, 11, 21)
    assert figures.visits == VisitCounts(booked=1, completed=2, no_show=1, cancelled=1)
    assert [(row.doctor_id, row.name) for row in figures.doctors] == [(north.doctor.pk, "Dora North")]
    assert (figures.visits.total, figures.visits.not_held) == (3, 2)


def test_the_queue_knows_its_median_wait(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    for minutes in (10, 20, 90):
        row = Prescription.objects.create(
            patient=patient,
            doctor=north.doctor,
            medications=[{"name": "Ibuprofen"}],
            created_at=AT - dt.timedelta(minutes=minutes),
        )
    Prescription.objects.filter(pk=row.pk).update(pharmacist=north.pharmacist, claimed_at=AT)
    prescribe(south, patient)
    queue = day_figures(north.admin, at=AT, zone=ZoneInfo("UTC")).prescriptions
    assert (queue.waiting, queue.with_pharmacist, queue.to_dispense) == (2, 1, 0)
    assert queue.median_wait == dt.timedelta(minutes=15)
    assert queue.longest_wait == dt.timedelta(minutes=20)


def test_an_empty_hospital_waits_for_nothing(north: HospitalCast) -> None:
    figures = day_figures(north.admin, at=AT, zone=ZoneInfo("UTC"))
    assert figures.doctors == ()
    assert figures.prescriptions.median_wait is None


def test_an_operator_sees_no_visits(north: HospitalCast, patient: Patient) -> None:
    fill_day(north, patient)
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    assert day_figures(operator, at=AT, zone=ZoneInfo("Europe/Vienna")).visits.total == 0
    client = Client()
    client.force_login(operator)
    page = client.get("/admin/")
    assert "day" not in page.context
    assert "Dora North" not in page.content.decode()


@pytest.mark.parametrize(
    ("wanted", "pushed", "behind"), [("a", "a", 0), ("a", "b", 1), ("a", None, 1), (None, None, 0), (None, "a", 0)]
)
def test_health_counts_what_is_behind(
    north: HospitalCast, south: HospitalCast, wanted: str | None, pushed: str | None, behind: int
) -> None:
    link = CalLink.objects.create(doctor=north.doctor, wanted_hash=wanted, pushed_hash=pushed)
    CalLink.objects.create(doctor=south.doctor, wanted_hash="other", pushed_hash=None)
    figures = health_figures(north.admin, at=AT)
    assert figures.schedules_behind == behind
    assert link.is_in_step is (behind == 0)
    assert figures.doctors_not_connected == 0


def test_health_counts_webhooks_and_finds_the_last_pull(north: HospitalCast) -> None:
    for number, (status, received) in enumerate(
        [("PENDING", AT), ("FAILED", AT), ("FAILED", AT - dt.timedelta(days=8)), ("PROCESSED", AT)]
    ):
        CalWebhook.objects.create(raw_webhook_body={"n": number}, status=status, received_at=received)
    last = [SyncRun.objects.create(kind="updated", window_start=AT) for _ in range(2)][-1]
    figures = health_figures(north.admin, at=AT)
    assert (figures.webhooks_waiting, figures.waiting_since, figures.webhooks_failed) == (1, AT, 1)
    assert figures.doctors_not_connected == 1
    assert figures.last_pull == last
    assert not figures.is_fine


def test_home_shows_the_day_in_few_queries(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    fill_day(north, patient)
    with time_machine.travel(AT, tick=False), CaptureQueriesContext(connection) as queries:
        page = admin_client.get("/admin/").content.decode()
    assert len(queries) == QUERIES <= MOST_QUERIES
    assert "Saturday, 21 November 2026" in page
    assert "1 to come, 2 done" in page
    assert "not counted: 1 cancelled, 1 no-show" in page
    assert f"?from=2026-11-21&amp;to=2026-11-21&amp;doctor={north.doctor.pk}" in page


def test_home_says_that_the_zone_is_missing(admin_client: Client, north: HospitalCast) -> None:
    notice = "has no time zone"
    assert notice not in admin_client.get("/admin/").content.decode()
    Hospital.objects.filter(pk=north.hospital.pk).update(time_zone=None)
    assert notice in admin_client.get("/admin/").content.decode()


def test_a_zone_that_does_not_exist_stops_no_page(admin_client: Client, north: HospitalCast) -> None:
    Hospital.objects.filter(pk=north.hospital.pk).update(time_zone="Mars/Olympus")
    assert admin_client.get("/admin/").status_code == 200


def test_what_needs_attention_is_on_the_first_page_and_counted_in_the_menu(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    with time_machine.travel(AT, tick=False):
        page = admin_client.get("/admin/").content.decode()
        assert "Overlapping" not in page
        assert "as of 23:30" in page
        for _ in range(2):
            book(north, patient, AT + dt.timedelta(days=1))
        page = admin_client.get("/admin/").content.decode()
    assert (
        'portal-need-bad" href="/admin/clinical/appointment/conflicts/#overlap"><strong>1</strong>'
        " <span>Overlapping appointments of a doctor</span>" in page
    )
    assert (
        '<strong class="portal-counter">1</strong>' in admin_client.get("/admin/clinical/appointment/").content.decode()
    )
