"""How often codes are sent and guessed: each limit at its edge, and whom it does not hold up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.codes.limits import sends_by_scope
from accounts.models import DeviceToken, GuessCounter, OneTimeCode, Patient, SmsMessage, User
from accounts.staff_sign_in.tries import purge_sign_in_traces
from tests.accounts.codes.test_sign_in import NEW, ask, give, sent_code, wrong
from tests.api.records import NOW, alike, client_with
from tests.cast import HospitalCast

KNOWN = "+436601234567"
MINUTE = dt.timedelta(minutes=1)
pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]


def refused(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.headers.get("Retry-After", "")


def fail(client: APIClient, phone: str, times: int) -> Any:
    """Wrong codes for the number, with as many new codes as they take."""
    answer = challenge = code = None
    for turn in range(times):
        if turn % 3 == 0:
            challenge = ask(client, phone).json()["challenge_id"]
            code = sent_code()
        answer = give(client, challenge, phone, wrong(str(code)))
    return answer


def sign_in(client: APIClient, phone: str) -> Any:
    challenge_id = ask(client, phone).json()["challenge_id"]
    return give(client, challenge_id, phone, sent_code())


def test_resend_in_tells_the_truth_until_the_day_is_used_up(anyone: APIClient, clock: time_machine.Traveller) -> None:
    told = []
    for _ in range(5):
        told.append(ask(anyone, NEW).json()["resend_in"])
        clock.shift(dt.timedelta(seconds=told[-1] - 1))
        assert refused(ask(anyone, NEW)) == (429, "too_many_requests", "1")
        clock.shift(dt.timedelta(seconds=1))
    assert told == [60, 120, 300, 900, 24 * 3600 - 1380]
    assert ask(anyone, NEW).status_code == 202
    assert SmsMessage.objects.count() == 6


def test_a_sign_in_does_not_give_sends_back(anyone: APIClient, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        assert sign_in(anyone, NEW).status_code == 200
        clock.shift(15 * MINUTE)
    assert refused(ask(anyone, NEW)) == (429, "too_many_requests", str(24 * 3600 - 75 * 60))


def test_ten_failures_close_the_number_for_a_day_alike_for_all(
    anyone: APIClient, patient: Patient, other_patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    settings.OTP_RESEND_DELAYS = ()
    User.objects.filter(pk=other_patient.pk).update(is_active=False)
    User.objects.filter(pk=north.doctor.pk).update(phone="436605555555")
    answers = []
    for phone in (KNOWN, NEW, "+436607654321", "+436605555555"):
        for _ in range(4):
            challenge = ask(anyone, phone).json()["challenge_id"]
            tries = [give(anyone, challenge, phone, "0") for _ in range(3)]
        assert [answer.status_code for answer in tries] == [400, 429, 429]
        answers += [tries[-1], ask(anyone, phone)]
    assert {refused(answer) for answer in answers} == {(429, "too_many_requests", "86400")}
    assert len({alike(answer) for answer in answers}) == 1
    assert not DeviceToken.objects.exists()


def test_failures_leave_the_window_one_by_one_and_success_keeps_them(
    anyone: APIClient, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.OTP_SENDS_PER_NUMBER, settings.OTP_RESEND_DELAYS = 99, ()
    fail(anyone, NEW, 1)
    clock.shift(dt.timedelta(hours=1))
    fail(anyone, NEW, 8)
    assert sign_in(anyone, NEW).status_code == 200
    fail(anyone, NEW, 1)
    assert refused(ask(anyone, NEW)) == (429, "too_many_requests", str(23 * 3600))
    clock.move_to(NOW + dt.timedelta(hours=24) - dt.timedelta(seconds=1))
    assert ask(anyone, NEW).status_code == 429
    clock.move_to(NOW + dt.timedelta(hours=24))
    assert sign_in(anyone, NEW).status_code == 200


def test_what_is_no_guess_at_a_live_code_closes_no_number(anyone: APIClient, patient: Patient) -> None:
    challenge = ask(anyone, NEW).json()["challenge_id"]
    sent_code()
    for _ in range(20):
        assert give(anyone, challenge, KNOWN, "1234").status_code == 400
        assert give(anyone, patient.pk, KNOWN, "1234").status_code == 400
    assert sign_in(anyone, KNOWN).status_code == 200


def test_a_stranger_does_not_shut_a_known_device_out(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller, settings: Settings
) -> None:
    old = sign_in(anyone, KNOWN).json()["token"]
    clock.shift(dt.timedelta(days=31))
    phone = client_with(old)
    assert phone.get("/api/v1/hospitals/").status_code == 401
    settings.OTP_ADDRESS_WINDOW, settings.OTP_FAILURES_PER_ADDRESS = dt.timedelta(hours=9), 11
    for _ in range(4):
        fail(anyone, KNOWN, 3)
        clock.shift(15 * MINUTE)
    assert ask(anyone, KNOWN).status_code == 429
    settings.OTP_SENDS_PER_ADDRESS = settings.OTP_FAILURES_PER_ADDRESS = 1

    answer = sign_in(phone, KNOWN)

    assert (answer.status_code, answer.json()["is_new"]) == (200, False)
    assert DeviceToken.objects.filter(user=patient.user).count() == 1


def test_a_known_device_has_limits_too(anyone: APIClient, patient: Patient, clock: time_machine.Traveller) -> None:
    phone = client_with(sign_in(anyone, KNOWN).json()["token"])
    assert ask(phone, KNOWN).json()["resend_in"] == 60
    assert refused(ask(phone, KNOWN)) == (429, "too_many_requests", "60")
    clock.shift(MINUTE)
    for minutes in (2, 5, 15):
        fail(phone, KNOWN, 3)
        clock.shift(minutes * MINUTE)
    assert fail(phone, KNOWN, 1).status_code == 400
    clock.shift(15 * MINUTE)
    assert ask(phone, KNOWN).status_code == 429


@pytest.mark.parametrize("token", ["nonsense", "x" * 5000, "\u00fc", "", "another's"])
def test_a_token_that_is_not_the_numbers_makes_no_device_known(anyone: APIClient, patient: Patient, token: str) -> None:
    if token == "another's":
        token = sign_in(anyone, NEW).json()["token"]
    client = client_with(token)
    assert ask(anyone, KNOWN).status_code == 202
    assert refused(ask(client, KNOWN)) == (429, "too_many_requests", "60")


@pytest.mark.parametrize("end", ["revoked", "all"])
def test_a_device_that_was_signed_out_from_elsewhere_is_forgotten(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller, end: str
) -> None:
    lost = sign_in(anyone, KNOWN).json()["token"]
    lost_id = DeviceToken.objects.get().public_id
    clock.shift(MINUTE)
    mine = client_with(sign_in(anyone, KNOWN).json()["token"])
    if end == "revoked":
        assert mine.delete(f"/api/v1/auth/devices/{lost_id}/").status_code == 204
    else:
        assert mine.post("/api/v1/auth/logout-all/").status_code == 204
    assert ask(client_with(lost), KNOWN).status_code == 429


def test_a_device_that_signed_itself_out_stays_known(anyone: APIClient, patient: Patient) -> None:
    phone = client_with(sign_in(anyone, KNOWN).json()["token"])
    assert phone.post("/api/v1/auth/logout/").status_code == 204
    assert phone.get("/api/v1/me/").status_code == 401
    assert ask(phone, KNOWN).status_code == 202


def test_signing_in_again_ends_the_devices_own_token_only(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    first, tablet = sign_in(anyone, KNOWN).json()["token"], None
    clock.shift(MINUTE)
    tablet = client_with(sign_in(anyone, KNOWN).json()["token"])
    again = sign_in(client_with(first), KNOWN).json()["token"]
    answers = [client.get("/api/v1/me/").status_code for client in (client_with(first), tablet, client_with(again))]
    assert answers == [401, 200, 200]


def ask_from(address: str, number: int) -> Any:
    return APIClient(REMOTE_ADDR=address).post("/api/v1/auth/otp/request/", {"phone": f"+43660000{number:04}"})


def test_an_address_sends_so_many_an_hour(clock: time_machine.Traveller, settings: Settings) -> None:
    settings.OTP_SENDS_PER_ADDRESS = 4
    for number in range(4):
        assert ask_from(f"2001:db8::{number}", number).status_code == 202
    assert refused(ask_from("2001:db8::ffff:1", 5)) == (429, "too_many_requests", "3600")
    assert ask_from("2001:db8:0:1::1", 5).status_code == 202
    clock.shift(dt.timedelta(hours=1, seconds=-1))
    assert refused(ask_from("2001:db8::1", 6)) == (429, "too_many_requests", "1")
    clock.shift(dt.timedelta(seconds=1))
    assert ask_from("2001:db8::1", 6).status_code == 202
    assert OneTimeCode.objects.count() == 6


def test_the_address_is_the_one_our_proxy_saw(settings: Settings) -> None:
    settings.OTP_SENDS_PER_ADDRESS, settings.TRUSTED_PROXY_COUNT = 1, 1
    statuses = []
    for number, forwarded in enumerate(["192.0.2.1", "6.6.6.6, 192.0.2.1", "192.0.2.2"]):
        client = APIClient(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        answer = client.post("/api/v1/auth/otp/request/", {"phone": f"+43660000{number:04}"})
        statuses.append(answer.status_code)
    assert statuses == [202, 429, 202]


def test_an_address_fails_so_often_an_hour(
    anyone: APIClient, patient: Patient, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.OTP_FAILURES_PER_ADDRESS = 3
    challenge = ask(anyone, NEW).json()["challenge_id"]
    code = sent_code()
    for _ in range(3):
        assert give(anyone, patient.pk, NEW, "1234").status_code == 400
    assert refused(give(anyone, challenge, NEW, code)) == (429, "too_many_requests", "3600")
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.9")
    assert give(elsewhere, challenge, NEW, code).status_code == 200


def test_a_right_code_is_no_failure_of_its_address(anyone: APIClient, settings: Settings) -> None:
    settings.OTP_FAILURES_PER_ADDRESS = 1
    for number in range(3):
        assert sign_in(anyone, f"+43660000{number:04}").status_code == 200


@pytest.mark.parametrize(
    ("setting", "phone"), [("SMS_PER_COUNTRY_AN_HOUR", NEW), ("SMS_IN_ALL_AN_HOUR", "+41791234567")]
)
def test_ceilings_hold_for_a_country_and_for_all(
    anyone: APIClient, clock: time_machine.Traveller, settings: Settings, setting: str, phone: str
) -> None:
    setattr(settings, setting, 3)
    for number in range(3):
        assert ask(anyone, f"+43660000{number:04}").status_code == 202
    assert refused(ask(anyone, phone)) == (429, "too_many_requests", "3660")
    if setting == "SMS_PER_COUNTRY_AN_HOUR":
        assert ask(anyone, "+41791234567").status_code == 202
    assert sends_by_scope(at=NOW)["AT"] == 3
    assert not OneTimeCode.objects.filter(number="436609999999").exists()
    clock.shift(dt.timedelta(minutes=61))
    assert ask(anyone, phone).status_code == 202


def test_a_share_of_the_ceiling_is_kept_for_known_devices(
    anyone: APIClient, patient: Patient, settings: Settings
) -> None:
    settings.SMS_IN_ALL_AN_HOUR = 4
    phone = client_with(sign_in(anyone, KNOWN).json()["token"])
    for number in range(3):
        assert ask(anyone, f"+43660000{number:04}").status_code == 202
    assert ask(anyone, NEW).status_code == 429
    assert ask(phone, KNOWN).status_code == 202


def test_what_no_window_counts_is_purged(anyone: APIClient, clock: time_machine.Traveller) -> None:
    ask(anyone, NEW)
    GuessCounter.objects.create(kind="step_up", subject="kept", hits=[NOW])
    clock.shift(dt.timedelta(hours=24) - MINUTE)
    assert purge_sign_in_traces(at=NOW + dt.timedelta(hours=24) - MINUTE) == 0
    assert purge_sign_in_traces(at=NOW + dt.timedelta(hours=24)) == 2
    assert list(GuessCounter.objects.values_list("subject", flat=True)) == ["kept"]
