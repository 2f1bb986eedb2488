"""The compiled reads of the app: the same rows as the queryset they are made from, and nobody else's."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Patient
from clinical.models import Appointment, AppointmentAlias
from clinical.visits.document import NewestVisits, own_visit, own_visits
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
AT = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def test_the_newest_page_is_what_the_queryset_says(
    patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    for number in range(25):
        make_visit(patient, north.doctor, AT + dt.timedelta(hours=number))
    foreign = make_visit(other_patient, north.doctor, AT)
    with CaptureQueriesContext(connection) as captured:
        newest = NewestVisits(patient.user).order_by("-start_ts", "-id")[0:21]
    assert newest == list(own_visits(patient.user, at=AT)[:21])
    assert len(newest) == 21
    assert len(captured) == 1
    assert NewestVisits(other_patient.user)[0:21] == list(own_visits(other_patient.user, at=AT))
    assert [row["id"] for row in NewestVisits(other_patient.user)[0:21]] == [foreign.pk]


def test_postgres_plans_a_read_once(patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, AT)
    for _ in range(20):
        own_visit(visit.pk, by=patient.user)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans > 0, custom_plans <= 5 FROM pg_prepared_statements"
            " WHERE statement ~ '^SELECT .appointments'"
        )
        assert cursor.fetchall() == [(True, True)]


def test_one_visit_is_found_by_its_id_and_by_an_alias_but_by_nobody_else(
    patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, AT)
    alias = AppointmentAlias.objects.create(id=uuid.uuid4(), appointment=visit)
    assert own_visit(visit.pk, by=patient.user) == own_visits(patient.user, at=AT).get()
    assert own_visit(alias.pk, by=patient.user)["id"] == visit.pk
    for appointment_id in (visit.pk, alias.pk):
        with pytest.raises(Appointment.DoesNotExist):
            own_visit(appointment_id, by=other_patient.user)
