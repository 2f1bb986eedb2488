from __future__ import annotations

import datetime as dt

import bcrypt
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role, User
from accounts.staff_sign_in.password import EmailBackend
from hospitals.models import Hospital
from tests.cast import PASSWORD, HospitalCast, make_staff

LOGIN = "/staff/login/"
PASSWORD_PAGE = "/staff/password/"
NEW_PASSWORD = "quite-another-pass-phrase"


def sign_in(client: Client, email: str, password: str = PASSWORD, next_: str = "") -> tuple[int, str]:
    response = client.post(LOGIN, {"email": email, "password": password, "next": next_})
    return response.status_code, response.headers.get("Location", "")


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    ("email", "home"),
    [
        ("doctor@north.test", "/staff/doctor/"),
        (" Doctor@NORTH.test ", "/staff/doctor/"),
        ("pharmacist@north.test", "/staff/pharmacy/"),
        ("admin@north.test", "/admin/"),
    ],
)
def test_each_role_is_sent_where_it_works(email: str, home: str, client: Client, north: HospitalCast) -> None:
    assert sign_in(client, email) == (302, "/staff/")
    response = client.get("/staff/")
    assert (response.status_code, response.headers["Location"]) == (302, home)
    user = User.objects.get(email__iexact=email.strip())
    assert user.last_login is not None
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.surface) == ("signed_in", user.pk, "staff")


def test_an_operator_is_sent_to_the_admin(client: Client, db: None) -> None:
    User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    assert sign_in(client, "operator@wardbook.test") == (302, "/staff/")
    assert client.get("/staff/").headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("email", "wanted", "place"),
    [
        ("doctor@north.test", "/staff/password/", "/staff/password/"),
        ("doctor@north.test", "https://evil.test/staff/", "/staff/"),
        ("doctor@north.test", "//evil.test", "/staff/"),
        ("doctor@north.test", "javascript:alert(1)", "/staff/"),
        ("doctor@north.test", "no-such-page", "/staff/"),
        ("doctor@north.test", "/admin/hospitals/", "/staff/"),
        ("admin@north.test", "/admin/hospitals/", "/admin/hospitals/"),
        ("admin@north.test", "/staff/doctor/", "/staff/"),
    ],
)
def test_where_one_was_going(email: str, wanted: str, place: str, client: Client, north: HospitalCast) -> None:
    assert sign_in(client, email, next_=wanted) == (302, place)


def bare(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode()


def test_a_bare_hash_signs_in_and_is_encoded_anew(client: Client, north: HospitalCast) -> None:
    user = north.doctor.user
    User.objects.filter(pk=user.pk).update(password=bare(PASSWORD))
    assert sign_in(client, "doctor@north.test")[0] == 302
    user.refresh_from_db()
    assert user.password is not None
    assert user.password.startswith("bcrypt_sha256$$2b$04$")
    assert client.get(reverse("staff:doctor-day")).status_code == 200
    assert sign_in(Client(), "doctor@north.test")[0] == 302


def test_a_wrong_password_leaves_a_bare_hash_alone(client: Client, north: HospitalCast) -> None:
    stored = bare(PASSWORD)
    User.objects.filter(pk=north.doctor.pk).update(password=stored)
    assert sign_in(client, "doctor@north.test", "wrong")[0] == 422
    assert User.objects.get(pk=north.doctor.pk).password == stored


@pytest.mark.parametrize("encode", ["bare", "ours"])
def test_passwords_over_72_bytes(encode: str, client: Client, north: HospitalCast) -> None:
    long = "ü" * 60 + "the end"
    user = north.doctor.user
    user.set_password(long)
    User.objects.filter(pk=user.pk).update(password=bare(long) if encode == "bare" else user.password)
    assert sign_in(client, "doctor@north.test", long)[0] == 302
    # A bare hash knows no more than 72 bytes; encoded anew, all of it counts.
    assert sign_in(Client(), "doctor@north.test", "ü" * 60 + "another")[0] == 422


MALFORMED = [
    None,
    "",
    "!",
    "$2b$",
    "$2b$99$" + "a" * 53,
    "bcrypt_sha256$",
    "bcrypt_sha256$$2b$04$short",
    "pbkdf2_sha256$1$a$b",
    "plain",
]


@pytest.mark.parametrize("stored", MALFORMED)
def test_a_malformed_hash_is_simply_wrong(stored: str | None, client: Client, north: HospitalCast) -> None:
    User.objects.filter(pk=north.doctor.pk).update(password=stored)
    for password in (PASSWORD, stored or "x"):
        assert sign_in(client, "doctor@north.test", password)[0] == 422
    assert not is_signed_in(client)
    assert User.objects.get(pk=north.doctor.pk).password == stored


@pytest.fixture
def refused_answers(client: Client, north: HospitalCast, patient: Patient) -> list[tuple[int, bytes]]:
    """What is answered to an unknown, an inactive, a patient's, a locked and a wrongly guessed account, and to a
    temporary password that is too old."""
    User.objects.filter(pk=north.pharmacist.pk).update(is_active=False)
    patient.user.email = "patient@home.test"
    patient.user.set_password(PASSWORD)
    patient.user.save()
    locked = timezone.now() + dt.timedelta(minutes=1)
    User.objects.filter(pk=north.admin.pk).update(login_attempts=5, lockout_until=locked)
    old = make_staff(north.hospital, Role.PHARMACIST, "old@north.test", "Olga Old")
    User.objects.filter(pk=old.pk).update(password_temp=True, temporary_password_expires_at=timezone.now())
    client.cookies["csrftoken"] = "a" * 32
    answers = []
    for email, password in [
        ("nobody@north.test", PASSWORD),
        ("pharmacist@north.test", PASSWORD),
        ("patient@home.test", PASSWORD),
        ("admin@north.test", PASSWORD),
        ("old@north.test", PASSWORD),
        ("doctor@north.test", "wrong"),
    ]:
        response = client.post(LOGIN, {"email": email, "password": password})
        body = response.content.replace(email.encode(), b"EMAIL")
        start = body.index(b"csrfmiddlewaretoken")
        answers.append((response.status_code, body[:start] + body[start + 120 :]))
    return answers


def test_all_that_is_wrong_gets_the_same_answer(refused_answers: list[tuple[int, bytes]], client: Client) -> None:
    assert len(set(refused_answers)) == 1
    assert refused_answers[0][0] == 422
    assert not is_signed_in(client)
    assert settings.DEVICE_COOKIE_NAME not in client.cookies


def test_each_failure_is_on_record_with_its_reason(
    refused_answers: list[tuple[int, bytes]], north: HospitalCast, patient: Patient
) -> None:
    old = User.objects.get(email="old@north.test")
    assert list(AccessEvent.objects.order_by("pk").values_list("action", "object_id", "reason", "actor_id")) == [
        ("sign_in_failed", "", "may not sign in", None),
        ("sign_in_failed", str(north.pharmacist.pk), "may not sign in", None),
        ("sign_in_failed", str(patient.pk), "may not sign in", None),
        ("sign_in_failed", str(old.pk), "password", None),
        ("sign_in_failed", str(north.doctor.pk), "password", None),
    ]


def test_staff_of_a_hospital_that_is_not_in_use_are_told_so_and_have_no_access(
    client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    elsewhere = Client()
    assert sign_in(client, "doctor@north.test")[0] == sign_in(elsewhere, "doctor@south.test")[0] == 302
    Hospital.objects.filter(pk=north.hospital.pk).update(is_active=False)
    answer = client.get("/staff/doctor/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/login/?next=/staff/doctor/")
    assert elsewhere.get("/staff/doctor/").status_code == 200
    again = Client()
    wrong = again.post(LOGIN, {"email": "doctor@north.test", "password": "wrong"})
    assert "not in use" not in wrong.content.decode()
    right = again.post(LOGIN, {"email": "doctor@north.test", "password": PASSWORD})
    assert (right.status_code, "Your hospital is not in use here" in right.content.decode()) == (422, True)
    assert not is_signed_in(again)
    reasons = AccessEvent.objects.filter(action="sign_in_failed").order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["password", "hospital not in use"]
    Hospital.objects.update(is_active=True)
    assert sign_in(again, "doctor@north.test")[0] == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [("", ""), ("a\x00b@north.test", "x"), ("doctor@north.test", "x\x00y"), ("x" * 300, "x"), ("d", "x" * 5000)],
)
def test_odd_input_is_no_server_error(email: str, password: str, client: Client, north: HospitalCast) -> None:
    assert sign_in(client, email, password)[0] == 422
    assert EmailBackend().authenticate(None, email=email, password=password) is None


def test_a_deactivated_person_is_out_at_the_next_request(client: Client, north: HospitalCast) -> None:
    sign_in(client, "doctor@north.test")
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    response = client.get("/staff/doctor/")
    assert (response.status_code, response.headers["Location"]) == (302, "/staff/login/?next=/staff/doctor/")


def test_signing_out_is_a_post(client: Client, north: HospitalCast) -> None:
    sign_in(client, "doctor@north.test")
    assert client.get("/staff/logout/").headers["Location"] == "/staff/"
    assert is_signed_in(client)
    assert client.post("/staff/logout/").headers["Location"] == LOGIN
    assert not is_signed_in(client)
    assert list(AccessEvent.objects.order_by("pk").values_list("action", flat=True)) == ["signed_in", "signed_out"]


def test_the_form_wants_a_token(north: HospitalCast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "doctor@north.test")[0] == 403


@pytest.fixture
def temporary(north: HospitalCast) -> User:
    user = make_staff(north.hospital, Role.HOSPITAL_ADMIN, "new@north.test", "Nora New")
    user.password_temp = True
    user.save()
    return user


def change(client: Client, current: str = PASSWORD, new: str = NEW_PASSWORD, again: str = NEW_PASSWORD) -> int:
    return client.post(
        PASSWORD_PAGE, {"current_password": current, "new_password": new, "new_password_again": again}
    ).status_code


@pytest.mark.parametrize("path", ["/staff/", "/staff/doctor/", "/admin/", "/admin/hospitals/"])
def test_a_temporary_password_opens_only_the_page_that_replaces_it(path: str, client: Client, temporary: User) -> None:
    sign_in(client, "new@north.test")
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, PASSWORD_PAGE)
    assert client.get(PASSWORD_PAGE).status_code == 200


def test_changing_it_keeps_this_session_under_a_new_key_and_ends_the_others(client: Client, temporary: User) -> None:
    other = Client()
    sign_in(client, "new@north.test")
    sign_in(other, "new@north.test")
    key = client.session.session_key
    assert change(client) == 302
    assert client.session.session_key != key
    assert not Session.objects.filter(session_key=key).exists()
    assert client.get("/staff/").headers["Location"] == "/admin/"
    assert other.get("/staff/").headers["Location"] == "/staff/login/?next=/staff/"
    temporary.refresh_from_db()
    assert not temporary.must_change_password
    assert temporary.password_changed_at is not None
    assert sign_in(Client(), "new@north.test", NEW_PASSWORD)[0] == 302
    assert AccessEvent.objects.filter(action="changed_password").count() == 1


@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD),
        (PASSWORD, NEW_PASSWORD, "not-the-same-one"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "1234567890123", "1234567890123"),
        (PASSWORD, "new@north.test", "new@north.test"),
        (PASSWORD, PASSWORD, PASSWORD),
    ],
)
def test_what_is_no_new_password(current: str, new: str, again: str, client: Client, temporary: User) -> None:
    sign_in(client, "new@north.test")
    stored = User.objects.get(pk=temporary.pk).password
    assert change(client, current, new, again) == 422
    temporary.refresh_from_db()
    assert temporary.password == stored
    assert temporary.must_change_password
