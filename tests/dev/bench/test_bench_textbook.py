"""What ours is measured against must be the same work: the same visits with the same fields."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Patient
from clinical.models import Appointment, VisitDecision
from tests.api.records import sign_in
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

START = dt.datetime(2100, 3, 4, 9, tzinfo=dt.UTC)
MOMENTS = ("start", "end", "created_at", "updated_at")
PATH = "/api/v1/appointments/"


@pytest.fixture
def visits(north: HospitalCast, patient: Patient, other_patient: Patient) -> list[Appointment]:
    made = [make_visit(patient, north.doctor, START + dt.timedelta(days=day)) for day in range(3)]
    made += [make_visit(patient, north.doctor, START, status="CANCELLED", cancellation_reason="ill", no_show=True)]
    made += [make_visit(patient, north.doctor, START, cal_status="pending", hospital=None)]
    for visit, reason in zip(made, ("surgery", ""), strict=False):
        VisitDecision.objects.create(
            appointment=visit,
            doctor=north.doctor,
            start_ts=visit.start_ts,
            cause="visit",
            choice="ask_to_move",
            reason=reason,
        )
    make_visit(other_patient, north.doctor, START)
    return made


def _comparable(visit: dict[str, Any]) -> dict[str, Any]:
    """The textbook writes times in UTC, ours with the hospital's offset."""
    return visit | {name: dt.datetime.fromisoformat(visit[name]) for name in MOMENTS}


@pytest.mark.django_db
def test_the_textbook_tells_the_same_of_each_visit(
    patient: Patient, visits: list[Appointment], settings: Settings
) -> None:
    api = sign_in(patient)
    ours = api.get(PATH).json()["results"]
    our_details = [api.get(f"{PATH}{visit['id']}/").json() for visit in ours]
    settings.ROOT_URLCONF = "dev.bench.textbook"
    page = api.get(PATH).json()
    details = [api.get(f"{PATH}{visit['id']}/").json() for visit in ours]

    assert [list(visit) for visit in page["results"]] == [list(visit) for visit in ours]
    assert [_comparable(visit) for visit in page["results"]] == [_comparable(visit) for visit in ours]
    assert [_comparable(visit) for visit in details] == [_comparable(visit) for visit in our_details]
    assert {visit["move_reason"] for visit in ours if visit["asked_to_move"]} == {"surgery", None}
    assert (page["count"], len(ours)) == (5, 5)


@pytest.mark.django_db
def test_the_textbook_asks_for_a_token_counts_and_makes_no_query_per_row(
    patient: Patient, visits: list[Appointment], settings: Settings
) -> None:
    settings.ROOT_URLCONF = "dev.bench.textbook"
    api = sign_in(patient)
    with CaptureQueriesContext(connection) as captured:
        assert api.get(PATH).status_code == 200
    # The token, the count, the page, who was asked to move, what was written in the app.
    assert len(captured) == 5
    assert APIClient().get(PATH).status_code == 401
