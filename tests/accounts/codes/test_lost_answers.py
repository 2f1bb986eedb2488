"""A sign-in whose answer was lost on the way is asked for again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccessEvent, DeviceToken, LoginDevice, OneTimeCode, Patient, User
from tests.accounts.codes.test_sign_in import NEW, ask, sent_code, wrong
from tests.api.records import NOW, client_with

KNOWN = "+436601234567"
pytestmark = [pytest.mark.usefixtures("clock", "nothing_leaves"), pytest.mark.django_db]


def give(client: APIClient, challenge_id: str, otp: str, *, phone: str = NEW, key: str | None = "key-1") -> Any:
    body = {"challenge_id": challenge_id, "phone": phone, "otp": otp, "device_name": "Pixel"}
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/auth/otp/verify/", body, headers=headers)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def challenge_id(anyone: APIClient) -> str:
    return str(ask(anyone, NEW).json()["challenge_id"])


def test_the_same_again_signs_in_with_a_new_token_and_ends_the_lost_one(anyone: APIClient, challenge_id: str) -> None:
    code = sent_code()
    first = give(anyone, challenge_id, code)
    again = give(anyone, challenge_id, code)
    assert (first.has_header("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (False, "true")
    assert (again.status_code, again.json()) == (200, {**first.json(), "token": again.json()["token"]})
    assert client_with(first.json()["token"]).get("/api/v1/me/").status_code == 401
    assert client_with(again.json()["token"]).get("/api/v1/me/").status_code == 200
    assert (DeviceToken.objects.count(), LoginDevice.objects.count()) == (1, 1)
    assert AccessEvent.objects.filter(action="signed_in").count() == 2


def test_a_known_person_stays_known(anyone: APIClient, patient: Patient) -> None:
    User.objects.filter(pk=patient.pk).update(created_at=NOW - dt.timedelta(days=1))
    challenge = ask(anyone, KNOWN).json()["challenge_id"]
    code = sent_code()
    answers = [give(anyone, challenge, code, phone=KNOWN).json()["is_new"] for _ in range(2)]
    assert answers == [False, False]


def test_a_device_that_must_prove_more_still_must(anyone: APIClient, patient: Patient) -> None:
    Patient.objects.update(date_of_birth=dt.date(1990, 2, 28))
    challenge = ask(anyone, KNOWN).json()["challenge_id"]
    code = sent_code()
    assert [give(anyone, challenge, code, phone=KNOWN).json()["step_up"] for _ in range(2)] == [True, True]


@pytest.mark.parametrize("key", [None, "key-2"])
def test_without_the_key_a_used_code_is_used(anyone: APIClient, challenge_id: str, key: str | None) -> None:
    code = sent_code()
    assert give(anyone, challenge_id, code).status_code == 200
    assert refused(give(anyone, challenge_id, code, key=key)) == (400, "invalid_code")
    assert DeviceToken.objects.count() == 1


def test_a_sign_in_without_a_key_is_not_given_again(anyone: APIClient, challenge_id: str) -> None:
    code = sent_code()
    assert give(anyone, challenge_id, code, key=None).status_code == 200
    for key in (None, "key-1"):
        assert refused(give(anyone, challenge_id, code, key=key)) == (400, "invalid_code")


def test_the_key_alone_opens_nothing_and_tries_stay_limited(anyone: APIClient, challenge_id: str) -> None:
    """Three tries of a code, whoever makes them: the one that was right is one of them."""
    code = sent_code()
    token = give(anyone, challenge_id, code).json()["token"]
    assert refused(give(anyone, challenge_id, wrong(code))) == (400, "invalid_code")
    assert refused(give(anyone, challenge_id, code, phone=KNOWN)) == (400, "invalid_code")
    assert refused(give(anyone, challenge_id, code)) == (400, "invalid_code")
    assert OneTimeCode.objects.get().tries == 3
    assert client_with(token).get("/api/v1/me/").status_code == 200


def test_it_lasts_as_long_as_the_code(
    anyone: APIClient, challenge_id: str, clock: time_machine.Traveller, settings: Settings
) -> None:
    code = sent_code()
    assert give(anyone, challenge_id, code).status_code == 200
    clock.shift(settings.OTP_LIFETIME)
    assert refused(give(anyone, challenge_id, code)) == (400, "invalid_code")
    assert DeviceToken.objects.count() == 1


def test_who_has_signed_out_since_is_not_signed_in_again(anyone: APIClient, challenge_id: str) -> None:
    code = sent_code()
    token = give(anyone, challenge_id, code).json()["token"]
    assert client_with(token).post("/api/v1/auth/logout/").status_code == 204
    assert refused(give(anyone, challenge_id, code)) == (400, "invalid_code")
    assert not DeviceToken.objects.exists()


def test_a_key_is_of_visible_characters(anyone: APIClient, challenge_id: str) -> None:
    assert refused(give(anyone, challenge_id, sent_code(), key="with space")) == (400, "idempotency_key_required")
    assert OneTimeCode.objects.get().tries == 0


def test_the_key_is_not_kept(anyone: APIClient, challenge_id: str) -> None:
    give(anyone, challenge_id, sent_code(), key="a-secret-of-the-app")
    assert len(OneTimeCode.objects.get().used_key or "") == 64


def test_it_makes_no_account_for_a_number_that_was_given_up_since(anyone: APIClient, challenge_id: str) -> None:
    code = sent_code()
    token = give(anyone, challenge_id, code).json()["token"]
    User.objects.update(phone="436608888888")
    assert refused(give(anyone, challenge_id, code)) == (400, "invalid_code")
    assert list(User.objects.values_list("phone", flat=True)) == ["436608888888"]
    assert client_with(token).get("/api/v1/me/").status_code == 200
