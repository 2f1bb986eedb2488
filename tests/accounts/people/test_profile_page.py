from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.access_log.record import AccessAction, record_access
from accounts.models import AccessEvent, Profile, User
from tests.cast import HospitalCast

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
PROFILE = "/staff/profile/"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", ["doctor", "pharmacist"])
def test_a_name_is_changed_and_on_record(role: str, north: HospitalCast) -> None:
    user: User = getattr(north, role).user
    answer = browser_of(user).post(PROFILE, {"full_name": "  Dr.  Dora\tOstrich "})
    assert (answer.status_code, answer.headers["Location"]) == (302, PROFILE)
    assert Profile.objects.get(user=user).full_name == "Dr. Dora Ostrich"
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.object_id) == ("changed_profile", user.pk, str(user.pk))
    assert (event.hospital_id, event.patient_id) == (north.hospital.pk, None)


def test_the_same_name_again_changes_nothing(north: HospitalCast) -> None:
    assert browser_of(north.doctor.user).post(PROFILE, {"full_name": "Dora North"}).status_code == 302
    assert not AccessEvent.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "...", "\u200b\u2060", "\u3164", "Dora\x07 North", "D" * 201])
def test_what_is_no_name_is_told_beside_the_field(name: str, north: HospitalCast) -> None:
    answer = browser_of(north.doctor.user).post(PROFILE, {"full_name": name})
    assert answer.status_code == 422
    assert b'aria-invalid="true"' in answer.content
    assert b'id="id_full_name_error"' in answer.content
    assert Profile.objects.get(user=north.doctor.pk).full_name == "Dora North"
    assert not AccessEvent.objects.exists()


def test_somebody_without_a_profile_gets_one(north: HospitalCast) -> None:
    Profile.objects.filter(user=north.pharmacist.pk).delete()
    browser = browser_of(User.objects.get(pk=north.pharmacist.pk))
    assert browser.get(PROFILE).status_code == 200
    browser.post(PROFILE, {"full_name": "Pia Newname"})
    assert Profile.objects.get(user=north.pharmacist.pk).full_name == "Pia Newname"


@time_machine.travel(NOW, tick=False)
def test_the_last_sign_ins_are_the_persons_own_in_the_hospitals_zone(north: HospitalCast) -> None:
    user, other = north.doctor.user, north.pharmacist.user
    for hour in range(6):
        AccessEvent.objects.create(
            at=NOW - dt.timedelta(days=1, hours=hour), actor_id=user.pk, action="signed_in", address=f"192.0.2.{hour}"
        )
    record_access(by=other, action=AccessAction.SIGNED_IN)
    record_access(by=user, action=AccessAction.SIGNED_OUT)
    page = browser_of(user).get(PROFILE).content.decode()
    assert page.count("<time") == 5
    assert "1 March 2026, 11:00" in page
    assert "from 192.0.2.0" in page
    assert "192.0.2.5" not in page
    assert "Europe/Vienna" in page


def test_with_a_temporary_password_the_way_leads_to_a_new_one(north: HospitalCast) -> None:
    User.objects.filter(pk=north.doctor.pk).update(force_password_change=True)
    browser = browser_of(User.objects.get(pk=north.doctor.pk))
    for address in (PROFILE, "/staff/help/", "/staff/doctor/hours/"):
        assert browser.get(address).headers["Location"] == "/staff/password/"
    page = browser.get("/staff/password/").content.decode()
    assert "/staff/doctor/hours/" not in page
    assert "/staff/logout/" in page


@pytest.mark.parametrize(
    ("role", "says", "says_not"),
    [("doctor", "Verify identity", "The queue"), ("pharmacist", "The queue", "Verify identity")],
)
def test_help_is_for_the_role(role: str, says: str, says_not: str, north: HospitalCast) -> None:
    page = browser_of(getattr(north, role).user).get("/staff/help/").content.decode()
    assert says in page
    assert says_not not in page


def test_help_of_an_admin_leads_back_to_the_portal(north: HospitalCast) -> None:
    page = browser_of(north.admin).get("/staff/help/").content.decode()
    assert '<a class="link" href="/admin/">Open the portal</a>' in page
    assert "Who sits here?" not in page


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("علی\u200cرضا کریمی", "علی\u200cرضا کریمی"),
        ("Dora\u00a0Ostrich\u200b", "Dora Ostrich"),
        ("\u202aDora Ostrich\u202c", "Dora Ostrich"),
    ],
)
def test_a_name_is_taken_as_it_is_written_and_pasted(typed: str, stored: str, north: HospitalCast) -> None:
    assert browser_of(north.doctor.user).post(PROFILE, {"full_name": typed}).status_code == 302
    assert Profile.objects.get(user=north.doctor.pk).full_name == stored
