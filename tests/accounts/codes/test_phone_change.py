from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.messages.local_senders import MemorySms
from accounts.messages.send_sms import phone_changed_text, send_sms
from accounts.models import AccessEvent, DeviceToken, LoginDevice, OneTimeCode, Patient, SmsMessage, User
from tests.accounts.codes.test_code_limits import KNOWN, refused, sign_in
from tests.accounts.codes.test_sign_in import NEW, ask, give, wrong
from tests.api.records import client_with

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]


@pytest.fixture
def phone(anyone: APIClient, patient: Patient) -> APIClient:
    return client_with(sign_in(anyone, KNOWN).json()["token"])


def change(client: APIClient, number: str = NEW, **code: str) -> Any:
    return client.post(f"/api/v1/auth/phone/{'verify/' if code else ''}", {"phone": number, **code})


def code_sent() -> str:
    send_sms(at=timezone.now())
    return MemorySms.sent[-1].text[:4]


def number_of(patient: Patient) -> str | None:
    return User.objects.get(pk=patient.pk).phone


def test_a_new_number_is_proven_and_the_old_one_told(
    anyone: APIClient, phone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    clock.shift(dt.timedelta(minutes=1))
    tablet = client_with(sign_in(anyone, KNOWN).json()["token"])
    challenge = change(phone)
    assert (challenge.status_code, set(challenge.json())) == (202, {"challenge_id", "expires_in", "resend_in"})
    code = code_sent()
    assert MemorySms.sent[-1].to == "436609999999"
    assert number_of(patient) == "436601234567"

    answer = change(phone, challenge_id=challenge.json()["challenge_id"], otp=code)

    assert (answer.status_code, answer.json()["phone"]) == (200, NEW)
    assert number_of(patient) == "436609999999"
    assert (phone.get("/api/v1/me/").status_code, tablet.get("/api/v1/me/").status_code) == (200, 401)
    assert (DeviceToken.objects.count(), LoginDevice.objects.count()) == (1, 1)
    send_sms(at=timezone.now())
    assert [(sent.to, sent.text) for sent in MemorySms.sent[-1:]] == [("436601234567", phone_changed_text())]
    assert "Paula" not in phone_changed_text()
    assert AccessEvent.objects.filter(action="changed_phone", actor_id=patient.pk).count() == 1
    # Sent again after a lost answer; there is nothing left to prove, nor to tell anybody.
    again = change(phone, challenge_id=challenge.json()["challenge_id"], otp=code)
    assert (again.status_code, again.json()) == (200, answer.json())
    other = change(phone, challenge_id=str(uuid.uuid4()), otp=code)
    assert (other.status_code, other.json()["code"]) == (400, "invalid_code")
    assert AccessEvent.objects.filter(action="changed_phone", actor_id=patient.pk).count() == 1


def test_the_known_device_goes_along_and_the_old_number_is_free(
    anyone: APIClient, phone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    challenge_id = change(phone).json()["challenge_id"]
    assert change(phone, challenge_id=challenge_id, otp=code_sent()).status_code == 200
    clock.shift(dt.timedelta(minutes=1))
    assert sign_in(phone, NEW).json()["is_new"] is False
    clock.shift(dt.timedelta(minutes=1))
    assert sign_in(anyone, KNOWN).json()["is_new"] is True


@pytest.mark.parametrize("number", ["+436607654321", KNOWN], ids=["another's", "one's own"])
def test_a_number_in_use_is_answered_alike_and_fails_at_the_code(
    phone: APIClient, patient: Patient, other_patient: Patient, clock: time_machine.Traveller, number: str
) -> None:
    clock.shift(dt.timedelta(minutes=1))
    free = change(phone)
    used = change(phone, number)
    assert (used.status_code, used.json().keys()) == (free.status_code, free.json().keys())
    assert not SmsMessage.objects.filter(number=number[1:], kind="phone_code").exists()
    answer = change(phone, number, challenge_id=used.json()["challenge_id"], otp="1234")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")
    assert number_of(patient) == "436601234567"


def test_a_number_taken_meanwhile_is_a_wrong_code(phone: APIClient, patient: Patient) -> None:
    challenge_id = change(phone).json()["challenge_id"]
    code = code_sent()
    User.objects.create(phone="436609999999", role="PATIENT")
    answer = change(phone, challenge_id=challenge_id, otp=code)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")
    assert number_of(patient) == "436601234567"
    assert not SmsMessage.objects.filter(kind="phone_changed").exists()


def test_a_code_serves_its_purpose_and_its_person_only(
    anyone: APIClient, phone: APIClient, patient: Patient, other_patient: Patient, clock: time_machine.Traveller
) -> None:
    other = client_with(sign_in(anyone, "+436607654321").json()["token"])
    challenge_id = change(phone).json()["challenge_id"]
    code = code_sent()
    assert give(anyone, challenge_id, NEW, code).json()["code"] == "invalid_code"
    assert change(other, challenge_id=challenge_id, otp=code).json()["code"] == "invalid_code"
    assert not User.objects.filter(phone="436609999999").exists()
    clock.shift(dt.timedelta(minutes=2))
    sign_in_challenge = ask(anyone, NEW).json()["challenge_id"]
    send_sms(at=timezone.now())
    sign_in_code = MemorySms.sent[-1].text.split("code is ")[1][:4]
    answer = change(phone, challenge_id=sign_in_challenge, otp=sign_in_code)
    assert answer.json()["code"] == "invalid_code"
    assert change(phone, challenge_id=challenge_id, otp=code).status_code == 200


def test_three_wrong_codes_and_it_is_dead(phone: APIClient, patient: Patient) -> None:
    challenge_id = change(phone).json()["challenge_id"]
    code = code_sent()
    for _ in range(3):
        assert change(phone, challenge_id=challenge_id, otp=wrong(code)).json()["code"] == "invalid_code"
    assert change(phone, challenge_id=challenge_id, otp=code).json()["code"] == "invalid_code"
    assert number_of(patient) == "436601234567"


def test_numbers_and_accounts_have_limits(phone: APIClient) -> None:
    assert change(phone).status_code == 202
    assert refused(change(phone)) == (429, "too_many_requests", "60")
    for number in range(4):
        assert change(phone, f"+43660000{number:04}").status_code == 202
    assert refused(change(phone, "+436600000009")) == (429, "too_many_requests", "86400")
    assert OneTimeCode.objects.filter(purpose="change_phone").count() == 5


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("", {"phone": "hello"}, "invalid_phone"),
        ("", {}, "invalid"),
        ("", {"phone": NEW, "otp": "1234"}, "invalid"),
        ("verify/", {"phone": NEW, "otp": "1234"}, "invalid"),
        ("verify/", {"phone": NEW, "challenge_id": "00000000-0000-0000-0000-000000000001"}, "invalid"),
        (
            "verify/",
            {"phone": "hello", "otp": "1234", "challenge_id": "00000000-0000-0000-0000-000000000001"},
            "invalid_code",
        ),
    ],
)
def test_what_makes_no_sense(phone: APIClient, path: str, body: dict[str, str], code: str) -> None:
    answer = phone.post(f"/api/v1/auth/phone/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_it_needs_a_token(anyone: APIClient) -> None:
    assert change(anyone).status_code == 401
