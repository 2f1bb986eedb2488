"""Adding a second factor, renewing its recovery codes, removing and resetting it; who must have one."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts.models import AccessEvent, User
from accounts.staff_sign_in.second_factor import (
    AlreadyHasSecondFactor,
    NotYourOwn,
    SecondFactorNeeded,
    WrongCode,
    add_second_factor,
    check_second_factor,
    remove_second_factor,
    reset_second_factor,
)
from hospitals.models import Hospital
from tests.accounts.staff_sign_in.authenticator import code_at
from tests.accounts.staff_sign_in.second_step import (
    LOGIN,
    NOW,
    PAGE,
    STEP,
    code_step,
    is_signed_in,
    now,
    password_step,
)
from tests.cast import PASSWORD, HospitalCast


def shown_key(client: Client) -> str:
    key: str = client.session["second_factor_key"]
    return key


def test_adding_one_in_the_browser(north: HospitalCast, client: Client, clock: time_machine.Traveller) -> None:
    other = Client()
    for one in (client, other):
        assert password_step(one) == "/staff/"
    page = client.get(PAGE).content.decode()
    key = shown_key(client)
    assert "data:image/svg+xml" in page
    assert "otpauth://totp/Wardbook%3Adoctor%40north.test?secret=" in page
    session_key = client.session.session_key
    answer = client.post(PAGE, {"code": code_at(NOW, key), "current_password": PASSWORD})
    codes = re.findall(r"([a-z2-9]{4}(?:-[a-z2-9]{4}){5})</li>", answer.content.decode())
    assert len(codes) == 10
    assert client.session.session_key != session_key
    assert "second_factor_key" not in client.session
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get("/staff/doctor/").status_code == 200
    # Sessions that showed no code end.
    assert other.get("/staff/doctor/").headers["Location"] == LOGIN
    assert not is_signed_in(other)
    overview = client.get(PAGE).content.decode()
    assert "10 recovery codes are left." in overview
    assert codes[0] not in overview
    assert AccessEvent.objects.latest("pk").action == "added_second_factor"


@pytest.mark.parametrize(("code_is_right", "password"), [(False, PASSWORD), (True, "wrong")])
def test_adding_wants_code_and_password(
    code_is_right: bool, password: str, north: HospitalCast, client: Client, clock: time_machine.Traveller
) -> None:
    password_step(client)
    client.get(PAGE)
    key = shown_key(client)
    code = code_at(NOW, key) if code_is_right else code_at(NOW + STEP * 9, key)
    assert client.post(PAGE, {"code": code, "current_password": password}).status_code == 422
    assert shown_key(client) == key
    assert not TOTPDevice.objects.exists()
    assert not User.objects.get(pk=north.doctor.pk).has_second_factor


def test_a_second_one_does_not_replace_the_first(protected: tuple[User, list[str]]) -> None:
    with pytest.raises(AlreadyHasSecondFactor):
        add_second_factor(by=protected[0], key="ff" * 20, code=code_at(now(), "ff" * 20), at=now())
    reset_second_factor(user=protected[0], by=None, at=now())
    with pytest.raises(WrongCode):
        add_second_factor(by=protected[0], key="ff" * 20, code="000000", at=now())


@pytest.fixture
def signed_in(protected: tuple[User, list[str]], client: Client) -> Client:
    password_step(client)
    assert code_step(client, code_at(now()))[0] == 302
    return client


def test_new_recovery_codes_replace_the_old(signed_in: Client, protected: tuple[User, list[str]]) -> None:
    address = f"{PAGE}recovery-codes/"
    assert signed_in.post(address, {"current_password": "wrong"}).status_code == 422
    before = set(StaticToken.objects.values_list("token", flat=True))
    assert signed_in.post(address, {"current_password": PASSWORD}).status_code == 200
    after = set(StaticToken.objects.values_list("token", flat=True))
    assert (len(after), after & before) == (10, set())
    assert not check_second_factor(user=protected[0], code=protected[1][0], at=now())


def test_removing_wants_the_password(signed_in: Client, protected: tuple[User, list[str]]) -> None:
    address = f"{PAGE}remove/"
    assert signed_in.post(address, {"current_password": "wrong"}).status_code == 422
    assert TOTPDevice.objects.count() == 1
    assert signed_in.post(address, {"current_password": PASSWORD}).headers["Location"] == PAGE
    assert (TOTPDevice.objects.count(), StaticToken.objects.count()) == (0, 0)
    assert signed_in.get("/staff/doctor/").status_code == 200
    assert password_step(Client()) == "/staff/"


def test_a_hospital_may_ask_for_one(north: HospitalCast, client: Client, clock: time_machine.Traveller) -> None:
    password_step(client)
    assert client.get("/staff/doctor/").status_code == 200
    Hospital.objects.filter(pk=north.hospital.pk).update(second_factor_required=True)
    assert client.get("/staff/doctor/").headers["Location"] == PAGE
    poll = client.get("/staff/doctor/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert (poll.status_code, poll.headers["HX-Redirect"], poll.content) == (204, PAGE, b"")
    client.get(PAGE)
    client.post(PAGE, {"code": code_at(NOW, shown_key(client)), "current_password": PASSWORD})
    assert client.get("/staff/doctor/").status_code == 200
    client.post(f"{PAGE}remove/", {"current_password": PASSWORD})
    assert TOTPDevice.objects.count() == 1
    with pytest.raises(SecondFactorNeeded):
        remove_second_factor(by=User.objects.get(pk=north.doctor.pk), at=NOW)


@pytest.mark.parametrize("weak", ["short", "password123", "73910582647"])
def test_no_operator_is_made_with_a_weak_password(weak: str, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", weak)
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--noinput", "--email", "operator@wardbook.test", verbosity=0)
    assert not User.objects.exists()


def test_the_first_operator_is_made_by_a_command_and_must_add_one(
    client: Client, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPERATORS_NEED_SECOND_FACTOR = True
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "operator@wardbook.test", verbosity=0)
    user = User.objects.get()
    assert (user.is_operator, user.role, user.hospital_id) == (True, None, None)
    with time_machine.travel(NOW, tick=False):
        assert password_step(client, "operator@wardbook.test") == "/staff/"
        for address in ("/staff/", "/admin/", "/admin/hospitals/hospital/", "/admin/hospitals/hospital/add/"):
            assert client.get(address).headers["Location"] == PAGE
        client.get(PAGE)
        client.post(PAGE, {"code": code_at(NOW, shown_key(client)), "current_password": PASSWORD})
        assert client.get("/admin/hospitals/hospital/").status_code == 200


def test_a_temporary_password_comes_before_the_second_factor(north: HospitalCast, client: Client) -> None:
    Hospital.objects.filter(pk=north.hospital.pk).update(second_factor_required=True)
    User.objects.filter(pk=north.doctor.pk).update(force_password_change=True)
    password_step(client)
    assert client.get(PAGE).headers["Location"] == "/staff/password/"
    assert client.post("/staff/logout/").headers["Location"] == LOGIN


def test_an_admin_resets_anothers_but_not_their_own(protected: tuple[User, list[str]], north: HospitalCast) -> None:
    user = protected[0]
    with pytest.raises(NotYourOwn):
        reset_second_factor(user=user, by=user, at=now())
    assert TOTPDevice.objects.count() == 1
    reset_second_factor(user=user, by=north.admin, at=now())
    assert not User.objects.get(pk=user.pk).has_second_factor
    event = AccessEvent.objects.latest("pk")
    assert (event.action, event.actor_id, event.object_id) == ("removed_second_factor", north.admin.pk, str(user.pk))


def test_an_operators_is_reset_by_a_command(protected: tuple[User, list[str]]) -> None:
    call_command("reset_second_factor", "DOCTOR@north.test")
    assert not User.objects.get(pk=protected[0].pk).has_second_factor
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody@north.test")
