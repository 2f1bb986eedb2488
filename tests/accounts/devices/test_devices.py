from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import AccessEvent, DeviceToken, Patient, User
from tests.api.records import sign_in

pytestmark = pytest.mark.usefixtures("nothing_leaves")


@pytest.mark.django_db
def test_devices_are_listed_newest_first(patient: Patient, clock: time_machine.Traveller) -> None:
    sign_in(patient, device_name="Old")
    clock.shift(dt.timedelta(hours=1))
    api = sign_in(patient, device_name="New")
    body = api.get("/api/v1/auth/devices/").json()
    assert (body["next"], body["previous"]) == (None, None)
    assert [(device["name"], device["is_current"]) for device in body["results"]] == [("New", True), ("Old", False)]
    assert set(body["results"][0]) == {"id", "name", "created_at", "last_used_at", "expires_at", "is_current"}


@pytest.mark.django_db
def test_a_device_can_be_signed_out(patient: Patient, api: APIClient) -> None:
    lost = sign_in(patient, device_name="Lost")
    device = DeviceToken.objects.get(device_name="Lost")
    assert api.delete(f"/api/v1/auth/devices/{device.public_id}/").status_code == 204
    assert lost.get("/api/v1/me/").status_code == 401
    assert api.get("/api/v1/me/").status_code == 200
    event = AccessEvent.objects.get()
    assert (event.action, event.object_kind, event.object_id) == ("signed_out", "device", str(device.public_id))


@pytest.mark.django_db
def test_another_persons_device_is_absent(api: APIClient, other_api: APIClient, other_patient: Patient) -> None:
    device = DeviceToken.objects.get(user=other_patient.user)
    assert api.delete(f"/api/v1/auth/devices/{device.public_id}/").status_code == 404
    assert other_api.get("/api/v1/me/").status_code == 200
    assert not AccessEvent.objects.exists()


@pytest.mark.django_db
def test_logout_ends_this_device_only(patient: Patient, api: APIClient) -> None:
    other = sign_in(patient)
    assert api.post("/api/v1/auth/logout/").status_code == 204
    assert api.get("/api/v1/me/").status_code == 401
    assert other.get("/api/v1/me/").status_code == 200


@pytest.mark.django_db
def test_logout_all_ends_every_device_of_this_person(patient: Patient, api: APIClient, other_api: APIClient) -> None:
    second = sign_in(patient)
    assert api.post("/api/v1/auth/logout-all/").status_code == 204
    assert [client.get("/api/v1/me/").status_code for client in (api, second, other_api)] == [401, 401, 200]


@pytest.mark.django_db
def test_a_deactivated_patients_tokens_stop_at_once(patient: Patient, api: APIClient) -> None:
    User.objects.filter(pk=patient.pk).update(is_active=False)
    answer = api.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
