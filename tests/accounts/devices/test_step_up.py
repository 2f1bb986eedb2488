"""A phone number is not a person for ever: what a new device sees before it gives the birth date."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.devices.step_up import is_step_up_locked
from accounts.models import AccessEvent, DeviceToken, LoginDevice, Patient, Profile
from clinical.patients.step_up import release_step_up
from tests.accounts.codes.test_code_limits import KNOWN, sign_in
from tests.accounts.codes.test_sign_in import NEW
from tests.api.records import client_with
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_session, make_visit

BORN = dt.date(1980, 5, 17)
DAY = dt.timedelta(days=1)
pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]


@pytest.fixture
def born(patient: Patient) -> Patient:
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=BORN)
    return patient


@pytest.fixture
def new_phone(anyone: APIClient, born: Patient) -> APIClient:
    answer = sign_in(anyone, KNOWN).json()
    assert answer["step_up"] is True
    return client_with(answer["token"])


def step_up(client: APIClient, date: str = "1980-05-17") -> tuple[int, str | None]:
    answer = client.post("/api/v1/auth/step-up/", {"date_of_birth": date})
    return answer.status_code, answer.json()["code"] if answer.content else None


def test_the_record_is_closed_until_the_birth_date_is_given(
    new_phone: APIClient, born: Patient, north: HospitalCast
) -> None:
    visit = make_visit(born, north.doctor, dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    prescription, session = make_prescription(born, north.doctor), make_session(born)
    closed = [
        *("appointments/", f"appointments/{visit.pk}/", "prescriptions/", f"prescriptions/{prescription.pk}/"),
        *("ai-sessions/", f"ai-sessions/{session.pk}/", "access-log/", "me/", "auth/devices/"),
    ]
    before = AccessEvent.objects.count()
    for path in closed:
        answer = new_phone.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required"), path
        assert answer["Content-Type"] == "application/problem+json"
    assert new_phone.patch("/api/v1/me/", {"date_of_birth": "1999-01-01", "full_name": "Eve"}).status_code == 403
    assert new_phone.post(f"/api/v1/appointments/{visit.pk}/cancel/", {}).status_code == 403
    assert new_phone.post("/api/v1/auth/phone/", {"phone": NEW}).status_code == 403
    assert new_phone.post("/api/v1/auth/logout-all/").status_code == 403
    assert (Patient.objects.get().date_of_birth, Profile.objects.get(user=born.user).full_name) == (
        BORN,
        "Paula Patient",
    )
    assert AccessEvent.objects.count() == before
    for path in ("hospitals/", "doctors/", f"doctors/{north.doctor.pk}/"):
        assert new_phone.get(f"/api/v1/{path}").status_code == 200

    assert step_up(new_phone) == (204, None)

    assert {new_phone.get(f"/api/v1/{path}").status_code for path in closed} == {200}
    assert AccessEvent.objects.filter(action="stepped_up", actor_id=born.pk).count() == 1


def test_three_tries_then_staff(anyone: APIClient, new_phone: APIClient, born: Patient, north: HospitalCast) -> None:
    for _ in range(3):
        assert step_up(new_phone, "1980-05-18") == (400, "wrong_birth_date")
    assert step_up(new_phone) == (403, "step_up_locked")
    assert is_step_up_locked(born.pk)
    assert new_phone.get("/api/v1/me/").json()["code"] == "step_up_required"
    assert AccessEvent.objects.filter(action="step_up_locked", patient_id=born.pk).count() == 1

    make_visit(born, north.doctor, dt.datetime.now(dt.UTC))
    release_step_up(by=north.doctor.user, patient_id=born.pk, at=dt.datetime.now(dt.UTC))

    assert not is_step_up_locked(born.pk)
    assert step_up(new_phone) == (204, None)
    event = AccessEvent.objects.get(action="released_step_up")
    assert (event.actor_id, event.patient_id, event.hospital_id) == (north.doctor.pk, born.pk, north.hospital.pk)


def test_another_sign_in_gives_no_new_tries(
    anyone: APIClient, new_phone: APIClient, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        step_up(new_phone, "1980-05-18")
    clock.shift(dt.timedelta(minutes=1))
    answer = sign_in(anyone, KNOWN).json()
    assert (answer["step_up"], step_up(client_with(answer["token"]))) == (True, (403, "step_up_locked"))


def test_a_lock_does_not_touch_a_device_that_was_proven(
    anyone: APIClient, new_phone: APIClient, clock: time_machine.Traveller
) -> None:
    step_up(new_phone)
    clock.shift(dt.timedelta(minutes=1))
    stranger = client_with(sign_in(anyone, KNOWN).json()["token"])
    assert [step_up(stranger, "1980-05-18")[0] for _ in range(4)] == [400, 400, 400, 403]
    assert new_phone.get("/api/v1/me/").status_code == 200


def test_a_right_try_forgets_the_wrong_ones(new_phone: APIClient, born: Patient) -> None:
    assert [step_up(new_phone, date)[0] for date in ("1980-05-18", "1980-05-18", "1980-05-17")] == [400, 400, 204]
    assert not is_step_up_locked(born.pk)
    assert step_up(new_phone, "1980-05-18") == (204, None)


@pytest.mark.parametrize(
    ("unused", "step_up_needed"), [(180 * DAY - dt.timedelta(seconds=1), False), (180 * DAY, True)]
)
def test_a_known_device_is_trusted_for_180_days_unused(
    new_phone: APIClient, clock: time_machine.Traveller, unused: dt.timedelta, step_up_needed: bool
) -> None:
    step_up(new_phone)
    for _ in range(10):  # in daily use the token lives on, and its use is noted
        clock.shift(20 * DAY)
        assert new_phone.get("/api/v1/me/").status_code == 200
    clock.shift(unused)
    assert sign_in(new_phone, KNOWN).json()["step_up"] is step_up_needed


def test_a_device_that_never_stepped_up_is_asked_again(new_phone: APIClient) -> None:
    assert new_phone.post("/api/v1/auth/logout/").status_code == 204
    assert sign_in(new_phone, KNOWN).json()["step_up"] is True


def test_without_a_birth_date_there_is_nothing_to_ask(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    answer = sign_in(anyone, KNOWN).json()
    phone = client_with(answer["token"])
    assert answer["step_up"] is False
    assert phone.patch("/api/v1/me/", {"date_of_birth": "1980-05-17"}).status_code == 200
    clock.shift(dt.timedelta(minutes=1))
    assert sign_in(phone, KNOWN).json()["step_up"] is False
    clock.shift(dt.timedelta(minutes=2))
    assert sign_in(anyone, KNOWN).json()["step_up"] is True
    assert LoginDevice.objects.count() == 2


@pytest.mark.parametrize("date", ["", "17.05.1980", 19800517, None])
def test_what_is_no_date_is_no_try(new_phone: APIClient, date: object) -> None:
    answer = new_phone.post("/api/v1/auth/step-up/", {"date_of_birth": date})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [step_up(new_phone, "1980-05-18")[0] for _ in range(3)] == [400] * 3


def test_the_birth_date_may_be_off_the_file_since(new_phone: APIClient, born: Patient) -> None:
    Patient.objects.update(date_of_birth=None)
    assert step_up(new_phone) == (204, None)
    assert not DeviceToken.objects.filter(needs_step_up=True).exists()
