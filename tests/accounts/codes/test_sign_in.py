from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.codes.issue import binding_of, mask
from accounts.messages.local_senders import MemorySms
from accounts.messages.send_sms import send_sms
from accounts.models import AccessEvent, DeviceToken, OneTimeCode, Patient, Profile, SmsMessage, User
from tests.api.records import alike
from tests.cast import HospitalCast

NEW = "+436609999999"
pytestmark = [pytest.mark.usefixtures("clock", "nothing_leaves")]


def ask(client: APIClient, phone: str) -> Any:
    return client.post("/api/v1/auth/otp/request/", {"phone": phone})


def give(client: APIClient, challenge_id: object, phone: str, otp: str, **more: str) -> Any:
    body = {"challenge_id": str(challenge_id), "phone": phone, "otp": otp, **more}
    return client.post("/api/v1/auth/otp/verify/", body)


def sent_code() -> str:
    send_sms(at=timezone.now())
    digits = [word.strip(".") for word in MemorySms.sent[-1].text.split() if word.strip(".").isdecimal()]
    return digits[0]


def wrong(code: str) -> str:
    return "1000" if code != "1000" else "1001"


@pytest.mark.django_db
def test_a_new_number_signs_in_and_becomes_a_patient(anyone: APIClient) -> None:
    challenge = ask(anyone, NEW)
    assert challenge.status_code == 202
    assert set(challenge.json()) == {"challenge_id", "expires_in", "resend_in"}
    assert (challenge.json()["expires_in"], challenge.json()["resend_in"]) == (300, 60)

    answer = give(anyone, challenge.json()["challenge_id"], NEW, sent_code(), device_name="Pixel")

    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    body = answer.json()
    assert body == {
        "token": body["token"],
        "expires_at": "2026-04-01T10:00:00+00:00",
        "is_new": True,
        "step_up": False,
    }
    user = User.objects.get(phone="436609999999")
    assert (user.role, user.email, user.password) == ("PATIENT", None, None)
    assert Patient.objects.filter(user=user).exists()
    assert not Profile.objects.filter(user=user).exists()
    token = DeviceToken.objects.get()
    assert (token.user_id, token.device_name) == (user.pk, "Pixel")
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.patient_id, event.surface) == ("signed_in", user.pk, user.pk, "api")


@pytest.mark.django_db
def test_a_known_number_signs_in_to_the_same_account(anyone: APIClient, patient: Patient) -> None:
    challenge_id = ask(anyone, "+43 660 1234567").json()["challenge_id"]
    answer = give(anyone, challenge_id, "0043 660 1234567".replace("0043", "+43"), sent_code())
    assert answer.json()["is_new"] is False
    me = APIClient()
    me.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    assert me.get("/api/v1/me/").json()["id"] == str(patient.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("phone", ["", "12", "+0000000", "+4366012345678901234", "hello", "+1-800-FLOWERS"])
def test_a_number_that_cannot_be_is_refused_before_any_work(anyone: APIClient, phone: str) -> None:
    answer = ask(anyone, phone)
    assert answer.status_code == 400
    assert answer.json()["code"] == ("invalid" if not phone else "invalid_phone")
    assert not OneTimeCode.objects.exists()


@pytest.mark.django_db
def test_only_served_countries_get_messages(anyone: APIClient, settings: Settings) -> None:
    settings.SMS_COUNTRIES = ["AT", "CH"]
    assert ask(anyone, "+12125550123").json()["code"] == "invalid_phone"
    assert ask(anyone, NEW).status_code == 202


@pytest.mark.django_db
def test_known_unknown_blocked_and_staff_numbers_are_answered_alike(
    anyone: APIClient, patient: Patient, other_patient: Patient, north: HospitalCast
) -> None:
    User.objects.filter(pk=other_patient.pk).update(is_active=False)
    User.objects.filter(pk=north.doctor.pk).update(phone="436605555555")
    ask(anyone, "+436603333333")  # the address's counter is made by whoever comes first
    answers, counts = [], []
    for phone in ("+436601234567", NEW, "+436607654321", "+436605555555"):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(anyone, phone)
        body = answer.content.replace(answer.json()["challenge_id"].encode(), b"")
        headers = sorted(item for item in answer.headers.items() if item[0] != "X-Request-ID")
        answers.append((answer.status_code, body, headers))
        counts.append(len(queries) - sum("sms_messages" in query["sql"] for query in queries))
    assert len(set(map(str, answers))) == 1
    assert len(set(counts)) == 1
    sent_to = SmsMessage.objects.exclude(number="436603333333").values_list("number", flat=True)
    assert sorted(sent_to) == ["436601234567", "436609999999"]
    assert OneTimeCode.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["blocked", "staff"])
def test_a_blocked_or_staff_number_never_signs_in(anyone: APIClient, north: HospitalCast, kind: str) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    if kind == "staff":
        User.objects.filter(pk=north.doctor.pk).update(phone="436609999999")
    else:
        User.objects.create(phone="436609999999", role="PATIENT", is_active=False)
    answer = give(anyone, challenge_id, NEW, code)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")
    assert not DeviceToken.objects.exists()
    assert not AccessEvent.objects.exists()


@pytest.mark.django_db
def test_asking_again_within_a_minute_waits_alike_for_all(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    for phone in ("+436601234567", NEW):
        assert ask(anyone, phone).status_code == 202
        clock.shift(dt.timedelta(seconds=20))
        again = ask(anyone, phone)
        assert (again.status_code, again.json()["code"], again["Retry-After"]) == (429, "too_many_requests", "40")
        assert again["Content-Type"] == "application/problem+json"
        clock.shift(dt.timedelta(seconds=40))
        assert ask(anyone, phone).json()["resend_in"] == 120
    assert SmsMessage.objects.count() == 4


@pytest.mark.django_db
def test_a_new_code_kills_the_old_one(anyone: APIClient, clock: time_machine.Traveller) -> None:
    first = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    clock.shift(dt.timedelta(minutes=1))
    ask(anyone, NEW)
    assert give(anyone, first, NEW, code).json()["code"] == "invalid_code"
    assert not DeviceToken.objects.exists()


@pytest.mark.django_db
def test_every_failure_is_the_same_answer(anyone: APIClient, clock: time_machine.Traveller) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    answers = [
        give(anyone, challenge_id, NEW, wrong(code)),
        give(anyone, uuid.uuid4(), NEW, code),
        give(anyone, challenge_id, "+436601111111", code),
        give(anyone, challenge_id, "nonsense", code),
    ]
    clock.shift(dt.timedelta(minutes=5))
    answers.append(give(anyone, challenge_id, NEW, code))
    assert {answer.status_code for answer in answers} == {400}
    assert len({alike(answer) for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_code"


@pytest.mark.django_db
@pytest.mark.parametrize(("wrong_tries", "status"), [(2, 200), (3, 400)])
def test_a_code_has_three_tries(anyone: APIClient, wrong_tries: int, status: int) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    for _ in range(wrong_tries):
        assert give(anyone, challenge_id, NEW, wrong(code)).status_code == 400
    assert give(anyone, challenge_id, NEW, code).status_code == status
    assert OneTimeCode.objects.get().tries == 3


@pytest.mark.django_db
@pytest.mark.parametrize("otp", ["", "abcd", "12", "١٢٣٤", "1234567"])
def test_a_malformed_code_is_a_counted_try_or_an_error_never_a_crash(anyone: APIClient, otp: str) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    answer = give(anyone, challenge_id, NEW, otp)
    assert answer.status_code == 400
    assert answer.json()["code"] == ("invalid" if otp == "" else "invalid_code")
    assert OneTimeCode.objects.get().tries == (0 if otp == "" else 1)


@pytest.mark.django_db
def test_a_code_works_once(anyone: APIClient) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    assert give(anyone, challenge_id, NEW, code).status_code == 200
    assert give(anyone, challenge_id, NEW, code).json()["code"] == "invalid_code"
    assert DeviceToken.objects.count() == 1


@pytest.mark.django_db
def test_a_code_of_another_purpose_or_without_challenge_signs_nobody_in(anyone: APIClient) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    OneTimeCode.objects.update(purpose=OneTimeCode.Purpose.CHANGE_PHONE)
    assert give(anyone, challenge_id, NEW, code).json()["code"] == "invalid_code"
    OneTimeCode.objects.create(number="436609999999", otp=1234)
    assert give(anyone, uuid.uuid4(), NEW, "1234").json()["code"] == "invalid_code"


@pytest.mark.django_db
def test_the_code_is_masked_at_rest(anyone: APIClient, settings: Settings) -> None:
    ask(anyone, NEW)
    stored = OneTimeCode.objects.get()
    assert (stored.number, stored.purpose) == ("436609999999", "sign_in")
    assert stored.otp == mask(int(sent_code()), binding_of(stored), keys=settings.OTP_KEYS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "between", ["{} {} {} {}", "{}{}-{}{}", "{}{}{}{}\u200b", "\u202a{}{}\u00a0{}{}\u202c", "{}.{}.{}.{}."]
)
@pytest.mark.parametrize("zero", ["0", "٠", "०", "\uff10"])
def test_a_code_and_number_are_taken_as_they_are_pasted(anyone: APIClient, between: str, zero: str) -> None:
    pasted = "\u202a+43\u00a0660 9999999\u202c"
    challenge_id = ask(anyone, pasted).json()["challenge_id"]
    code = sent_code()
    typed = between.format(*(chr(ord(zero) + int(digit)) for digit in code))
    assert give(anyone, challenge_id, pasted, typed).status_code == 200
    assert OneTimeCode.objects.get(number="436609999999").tries == 1


@pytest.mark.django_db
def test_a_code_without_a_sign_that_counts_is_no_try(anyone: APIClient) -> None:
    challenge_id = ask(anyone, NEW).json()["challenge_id"]
    answer = give(anyone, challenge_id, NEW, " \u200b-")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "blank")
    assert OneTimeCode.objects.get(number="436609999999").tries == 0
