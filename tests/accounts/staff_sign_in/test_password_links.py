from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.messages.send_mail import send_staff_mail
from accounts.models import AccessEvent, GuessCounter, Role, StaffMail, User
from accounts.staff_sign_in.passwords import password_link, request_password_reset
from accounts.staff_sign_in.tries import UNKNOWN_COUNTERS, count_sign_in
from hospitals.staff.actions import OwnPasswordPage, add_staff_member, mail_password_link, reset_staff_password
from tests.cast import PASSWORD, HospitalCast

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
FORGOT, SET, LOGIN = "/staff/password/forgot/", "/staff/password/set/", "/staff/login/"
NEW_PASSWORD = "quite-another-pass-phrase"
NEW = {"new_password": NEW_PASSWORD, "new_password_again": NEW_PASSWORD}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def mailed_link() -> str:
    """Sends what waits; the one mail's link, from its `#` on."""
    send_staff_mail(at=now())
    (message,) = mail.outbox
    found = re.search(r"http://testserver/staff/password/set/\?open#(\S+)", str(message.body))
    assert found
    return found[1]


def ask(client: Client, email: str = "doctor@north.test") -> bytes:
    answer = client.post(FORGOT, {"email": email})
    assert answer.status_code == 200
    return answer.content


def open_link(client: Client, link: str) -> int:
    answer = client.post(SET, {"link": link})
    return client.get(answer.headers["Location"]).status_code if answer.status_code == 302 else answer.status_code


def sign_in(password: str, email: str = "doctor@north.test") -> int:
    return Client().post(LOGIN, {"email": email, "password": password}).status_code


def test_a_forgotten_password_is_set_by_a_mailed_link(client: Client, north: HospitalCast) -> None:
    other = Client()
    other.post(LOGIN, {"email": "doctor@north.test", "password": PASSWORD})
    ask(client, " Doctor@north.test ")
    link = mailed_link()
    message = mail.outbox[0]
    assert (message.to, message.subject) == (["doctor@north.test"], "A new password for Wardbook")
    assert open_link(client, link) == 200
    assert client.post(SET, NEW).headers["Location"] == LOGIN
    assert "_auth_user_id" not in client.session
    assert (sign_in(NEW_PASSWORD), sign_in(PASSWORD)) == (302, 422)
    assert other.get("/staff/doctor/").status_code == 302
    assert list(AccessEvent.objects.order_by("pk").values_list("action", "reason")[1:3]) == [
        ("sent_password_link", "reset"),
        ("changed_password", "by link"),
    ]


def test_a_link_works_once(client: Client, north: HospitalCast) -> None:
    ask(client)
    link = mailed_link()
    open_link(client, link)
    client.post(SET, NEW)
    stored = User.objects.get(pk=north.doctor.pk).password
    assert open_link(client, link) == 410
    assert client.post(SET, {name: "a-third-pass-phrase" for name in NEW}).status_code == 200
    assert User.objects.get(pk=north.doctor.pk).password == stored


@pytest.mark.parametrize(("minutes", "status"), [(30, 200), (31, 410)])
def test_a_reset_link_lives_thirty_minutes_from_the_sending(
    minutes: int, status: int, client: Client, north: HospitalCast, clock: time_machine.Traveller
) -> None:
    ask(client)
    clock.shift(10 * MINUTE)
    link = mailed_link()
    clock.shift(minutes * MINUTE)
    assert open_link(client, link) == status


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": "new@north.test"}, {"last_login": NOW}])
def test_what_changes_meanwhile_ends_the_link(change: dict[str, object], client: Client, north: HospitalCast) -> None:
    ask(client)
    link = mailed_link()
    User.objects.filter(pk=north.doctor.pk).update(**change)
    assert open_link(client, link) == 410


@pytest.mark.parametrize(
    ("link", "status"), [("", 422), ("x", 410), ("a:b:c", 410), ("\0", 422), ("x" * 1000, 410), ("x" * 1001, 422)]
)
def test_what_is_no_link_leaves_nothing(link: str, status: int, client: Client, db: None) -> None:
    assert open_link(client, link) == status
    assert client.get(f"{SET}?token={link}").status_code == 200
    assert (Session.objects.count(), GuessCounter.objects.count()) == (0, 0)
    assert client.post(SET, NEW).status_code == 200


def test_a_link_that_is_followed_comes_before_the_one_that_another_person_left_open(
    client: Client, north: HospitalCast
) -> None:
    ask(client)
    open_link(client, mailed_link())
    assert "doctor@north.test" in client.get(SET).content.decode()
    followed = client.get(f"{SET}?open").content.decode()
    assert ("The link from the mail" in followed, "doctor@north.test" in followed) == (True, False)
    theirs = password_link(north.pharmacist.user, StaffMail.Kind.RESET).partition("#")[2]
    assert open_link(client, theirs) == 200
    assert "pharmacist@north.test" in client.get(SET).content.decode()


def test_a_link_opens_for_the_first_browser_alone(client: Client, north: HospitalCast) -> None:
    ask(client)
    link = mailed_link()
    thief = Client()
    assert open_link(client, f"https://north.test/staff/password/set/?open#{link}") == 200
    assert open_link(thief, link) == 410
    assert thief.post(SET, NEW).status_code == 200
    assert open_link(client, link) == 200
    assert client.post(SET, NEW).headers["Location"] == LOGIN
    assert sign_in(NEW_PASSWORD) == 302


def test_made_up_emails_share_their_counters(client: Client, north: HospitalCast) -> None:
    for number in range(3 * UNKNOWN_COUNTERS):
        request_password_reset(email=f"nobody{number}@north.test", at=NOW)
        count_sign_in(email=f"nobody{number}@north.test", user=None, device_secret=None, at=NOW)
    assert GuessCounter.objects.filter(kind="staff_reset").count() <= UNKNOWN_COUNTERS
    assert GuessCounter.objects.filter(kind="staff_email").count() <= UNKNOWN_COUNTERS


@pytest.mark.parametrize("new", ["short", "doctor@north.test", "1234567890123"])
def test_the_validators_hold_here_too(new: str, client: Client, north: HospitalCast) -> None:
    ask(client)
    open_link(client, mailed_link())
    assert client.post(SET, {"new_password": new, "new_password_again": new}).status_code == 422
    assert sign_in(PASSWORD) == 302


def test_an_unknown_email_gets_the_same_answer_and_no_mail(client: Client, north: HospitalCast) -> None:
    User.objects.filter(pk=north.pharmacist.pk).update(is_active=False)
    client.cookies["csrftoken"] = "a" * 32
    answers = {ask(client, email) for email in ("doctor@north.test", "nobody@north.test", "pharmacist@north.test")}
    assert len(answers) == 1
    assert list(StaffMail.objects.order_by("created_at", "id").values_list("user", "status").order_by("user")) == [
        (north.doctor.pk, "queued"),
        (None, "queued"),
        (None, "queued"),
    ]
    assert send_staff_mail(at=NOW) == 1
    assert [message.to for message in mail.outbox] == [["doctor@north.test"]]
    assert StaffMail.objects.get().status == "sent"


def test_an_email_gets_five_links_a_day(client: Client, north: HospitalCast, clock: time_machine.Traveller) -> None:
    for _ in range(7):
        ask(client)
    assert StaffMail.objects.count() == 5
    clock.shift(24 * HOUR)
    ask(client)
    assert StaffMail.objects.count() == 6


def test_a_link_opens_a_closed_account(client: Client, north: HospitalCast) -> None:
    for _ in range(5):
        sign_in("wrong")
    ask(client)
    open_link(client, mailed_link())
    client.post(SET, NEW)
    assert sign_in(NEW_PASSWORD) == 302


# The queue


def test_a_mail_server_that_is_down_is_asked_again(
    client: Client, north: HospitalCast, settings: Settings, clock: time_machine.Traveller
) -> None:
    ask(client)
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert send_staff_mail(at=now()) == 1
    row = StaffMail.objects.get()
    assert (row.status, row.tries, row.next_try_at) == ("queued", 1, NOW + MINUTE)
    settings.EMAIL_BACKEND = backend
    assert send_staff_mail(at=now()) == 0
    clock.shift(MINUTE)
    assert mailed_link()


@pytest.mark.parametrize(
    ("kind", "age", "status"),
    [
        ("reset", 29 * MINUTE, "sent"),
        ("reset", 30 * MINUTE, "failed"),
        ("invitation", 71 * HOUR, "sent"),
        ("invitation", 72 * HOUR, "failed"),
    ],
)
def test_a_mail_that_waited_too_long_is_not_sent(
    kind: str, age: dt.timedelta, status: str, north: HospitalCast
) -> None:
    StaffMail.objects.create(kind=kind, user=north.doctor.user, created_at=NOW - age)
    send_staff_mail(at=NOW)
    assert (StaffMail.objects.get().status, len(mail.outbox)) == (status, int(status == "sent"))


def test_a_mail_whose_worker_was_lost_goes_out_again(north: HospitalCast) -> None:
    lost = {"kind": "reset", "user": north.doctor.user, "status": "sending", "created_at": NOW}
    StaffMail.objects.create(**lost, status_at=NOW - 2 * MINUTE)
    assert send_staff_mail(at=NOW) == 0
    StaffMail.objects.update(status_at=NOW - 4 * MINUTE)
    assert send_staff_mail(at=NOW) == 1


# A first password, and temporary ones


def add(north: HospitalCast, *, by_mail: bool) -> tuple[User, str | None]:
    new = add_staff_member(
        hospital=north.hospital,
        role=Role.DOCTOR,
        email="new@north.test",
        full_name="Nora New",
        by_mail=by_mail,
        by=north.admin,
        at=NOW,
    )
    return new.user, new.temporary_password


def test_one_who_is_invited_sets_the_first_password(
    client: Client, north: HospitalCast, clock: time_machine.Traveller
) -> None:
    user, password = add(north, by_mail=True)
    assert password is None
    assert not user.has_usable_password()
    link = mailed_link()
    assert mail.outbox[0].subject == "Your access to Wardbook"
    assert "password:" not in str(mail.outbox[0].body)
    clock.shift(72 * HOUR - MINUTE)
    assert open_link(client, link) == 200
    client.post(SET, NEW)
    user.refresh_from_db()
    assert (user.must_change_password, user.password_changed_at) == (False, now())
    assert sign_in(NEW_PASSWORD, "new@north.test") == 302


def test_an_invitation_lasts_72_hours(client: Client, north: HospitalCast, clock: time_machine.Traveller) -> None:
    add(north, by_mail=True)
    link = mailed_link()
    clock.shift(72 * HOUR + dt.timedelta(seconds=1))
    assert open_link(client, link) == 410


def test_a_new_link_ends_the_old_one_and_the_password(client: Client, north: HospitalCast) -> None:
    user, _ = add(north, by_mail=True)
    link = mailed_link()
    mail_password_link(user=user, by=north.admin, at=NOW)
    assert open_link(client, link) == 410
    mail_password_link(user=north.doctor.user, by=north.admin, at=NOW)
    assert sign_in(PASSWORD) == 422
    assert AccessEvent.objects.filter(reason="password link").count() == 2


@pytest.mark.parametrize(("after", "status"), [(72 * HOUR - MINUTE, 302), (72 * HOUR, 422)])
@pytest.mark.parametrize("how", ["added", "reset"])
def test_a_temporary_password_lasts_72_hours(
    how: str, after: dt.timedelta, status: int, north: HospitalCast, clock: time_machine.Traveller
) -> None:
    user, password = add(north, by_mail=False)
    if how == "reset":
        clock.shift(HOUR)
        password = reset_staff_password(user=user, by=north.admin, at=now())
    assert password
    clock.shift(after)
    assert sign_in(password, "new@north.test") == status


def test_a_chosen_password_does_not_expire(client: Client, north: HospitalCast, clock: time_machine.Traveller) -> None:
    _, password = add(north, by_mail=False)
    client.post(LOGIN, {"email": "new@north.test", "password": password})
    assert client.post("/staff/password/", {"current_password": password, **NEW}).status_code == 302
    clock.shift(dt.timedelta(days=100))
    assert sign_in(NEW_PASSWORD, "new@north.test") == 302


@pytest.mark.parametrize("give", [reset_staff_password, mail_password_link])
def test_nobody_gives_themselves_a_password_without_the_present_one(give: object, north: HospitalCast) -> None:
    assert callable(give)
    with pytest.raises(OwnPasswordPage):
        give(user=north.admin, by=north.admin, at=NOW)
    assert sign_in(PASSWORD, "admin@north.test") == 302
    assert StaffMail.objects.count() == 0


def test_a_page_s_script_is_turned_to_the_password_page(client: Client, north: HospitalCast) -> None:
    User.objects.filter(pk=north.doctor.pk).update(password_temp=True)
    client.post(LOGIN, {"email": "doctor@north.test", "password": PASSWORD})
    answer = client.get("/staff/doctor/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (204, "/staff/password/", b"")
    posted = client.post(f"/staff/pharmacy/{uuid.uuid4()}/claim/", headers={"HX-Request": "true"})
    assert (posted.status_code, posted.headers["HX-Redirect"]) == (204, "/staff/password/")


def test_a_letter_that_the_database_folds_is_no_fresh_count(north: HospitalCast) -> None:
    for email in ["pharmacist@north.test"] * 5 + ["PHARMACİST@north.test"]:
        request_password_reset(email=email, at=NOW)
    assert StaffMail.objects.count() == 5
