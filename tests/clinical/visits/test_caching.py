from __future__ import annotations

import datetime as dt
import gc
import gzip
import weakref

import pytest
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from accounts.models import Patient
from clinical.models import Appointment
from clinical.visits.api import AppointmentListView
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]

PATH = "/api/v1/appointments/"
START = dt.datetime(2026, 3, 4, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _visits(patient: Patient, north: HospitalCast) -> None:
    for number in range(3):
        make_visit(patient, north.doctor, START + dt.timedelta(days=number))


@pytest.mark.parametrize("path", [PATH, f"{PATH}?status=SCHEDULED"])
def test_a_list_that_has_not_changed_is_not_sent_again(api: APIClient, path: str) -> None:
    first = api.get(path)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    again = api.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == "private, no-cache"
    Appointment.objects.filter(start_ts=START).update(status="CANCELLED")
    changed = api.get(path, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_packed_or_not_the_answer_has_one_name(api: APIClient) -> None:
    plain = api.get(PATH)
    packed = api.get(PATH, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] == plain["ETag"]
    assert len(packed.content) < len(plain.content) / 2
    assert api.get(PATH, headers={"Accept-Encoding": "gzip", "If-None-Match": plain["ETag"]}).status_code == 304


def test_another_persons_tag_is_another(api: APIClient, other_api: APIClient) -> None:
    mine = api.get(PATH)["ETag"]
    answer = other_api.get(PATH, headers={"If-None-Match": mine})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_an_error_has_no_tag(api: APIClient) -> None:
    refused = api.get(f"{PATH}?cursor=nonsense", headers={"If-None-Match": "*"})
    assert (refused.status_code, refused.has_header("ETag")) == (400, False)


def test_no_other_origin_may_read_the_api(api: APIClient) -> None:
    answer = api.get(PATH, headers={"Origin": "https://app.example.org"})
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


def test_an_answer_goes_when_it_was_sent_and_needs_no_garbage_collector(patient: Patient) -> None:
    request = APIRequestFactory().get(PATH)
    force_authenticate(request, patient.user)
    gc.disable()
    try:
        answer = AppointmentListView.as_view()(request).render()
        assert len(answer.data["results"]) == 3
        kept = weakref.ref(answer)
        del answer
        assert kept() is None
    finally:
        gc.enable()
