from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import AccessEvent, Patient, Profile
from tests.api.records import sign_in
from tests.cast import make_patient

pytestmark = pytest.mark.usefixtures("nothing_leaves")


@pytest.mark.django_db
def test_me_is_ones_own_particulars(api: APIClient, patient: Patient) -> None:
    assert api.get("/api/v1/me/").json() == {
        "id": str(patient.pk),
        "phone": "+436601234567",
        "full_name": "Paula Patient",
        "profile_image_url": None,
        "date_of_birth": None,
        "time_zone": None,
        "reminders": True,
    }


@pytest.mark.django_db
def test_without_a_name_there_is_no_profile_row() -> None:
    patient = make_patient("436603333333", None)
    api = sign_in(patient)
    assert api.get("/api/v1/me/").json()["full_name"] is None
    refused = api.patch("/api/v1/me/", {"profile_image_url": "https://example.org/me.png", "reminders": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "name_required")
    assert not Profile.objects.filter(user=patient.user).exists()
    assert Patient.objects.get(pk=patient.pk).reminders_enabled is True

    answer = api.patch("/api/v1/me/", {"full_name": "  Nora New ", "date_of_birth": "1990-02-28"})
    assert answer.status_code == 200
    assert (answer.json()["full_name"], answer.json()["date_of_birth"]) == ("Nora New", "1990-02-28")
    assert Profile.objects.get(user=patient.user).full_name == "Nora New"


@pytest.mark.django_db
def test_what_is_not_given_stays(api: APIClient, patient: Patient) -> None:
    api.patch("/api/v1/me/", {"time_zone": "Europe/Vienna", "reminders": False})
    body = api.patch("/api/v1/me/", {"profile_image_url": "https://example.org/me.png"}).json()
    assert body["full_name"] == "Paula Patient"
    assert (body["time_zone"], body["reminders"]) == ("Europe/Vienna", False)
    assert body["profile_image_url"] == "https://example.org/me.png"
    assert list(AccessEvent.objects.values_list("action", "patient_id")) == [("changed_profile", patient.pk)] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"full_name": ""}, "full_name", "blank"),
        ({"full_name": "\u200b"}, "full_name", "blank"),
        ({"full_name": "\u3164\u2060"}, "full_name", "blank"),
        ({"full_name": None}, "full_name", "null"),
        ({"full_name": 7}, "full_name", "invalid"),
        ({"full_name": "x" * 201}, "full_name", "max_length"),
        ({"profile_image_url": "http://example.org/x.png"}, "profile_image_url", "invalid"),
        ({"profile_image_url": "javascript:alert(1)"}, "profile_image_url", "invalid"),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth", "out_of_range"),
        ({"date_of_birth": "1899-12-31"}, "date_of_birth", "out_of_range"),
        ({"date_of_birth": 19900101}, "date_of_birth", "invalid"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "unknown_time_zone"),
        ({"reminders": "yes"}, "reminders", "invalid"),
        ({"reminders": 1}, "reminders", "invalid"),
        ({"phone": "+436601234568"}, "phone", "unknown_field"),
        ({"id": "x"}, "id", "unknown_field"),
        ([], "", "invalid"),
    ],
)
def test_bad_particulars_are_named_and_change_nothing(
    api: APIClient, patient: Patient, body: Any, field: str, code: str
) -> None:
    before = api.get("/api/v1/me/").json()
    answer = api.patch("/api/v1/me/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert api.get("/api/v1/me/").json() == before
    assert not AccessEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "status"), [("2026-12-01", 200), ("2026-12-02", 400)])
def test_a_child_may_be_born_where_it_is_tomorrow_already(
    api: APIClient, time_machine: Any, day: str, status: int
) -> None:
    time_machine.move_to(dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC))
    assert api.patch("/api/v1/me/", {"date_of_birth": day}).status_code == status


@pytest.mark.django_db
def test_a_name_is_kept_with_its_joiners_and_without_what_nobody_sees(api: APIClient) -> None:
    answer = api.patch("/api/v1/me/", {"full_name": "\u202aعلی\u200cرضا\u00a0کریمی\u202c"})
    assert answer.json()["full_name"] == "علی\u200cرضا کریمی"
