from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, User
from hospitals.models import Hospital
from tests.cast import PASSWORD, HospitalCast

NEW = {"full_name": "Nora New", "email": "nora@north.test"}


def password_on(page: str) -> str:
    match = re.search(r'class="portal-secret">([^<]+)<', page)
    assert match
    return match[1]


@pytest.mark.parametrize(
    ("model", "more", "fact"),
    [
        ("doctor", {"specialty": "Surgery"}, "specialty"),
        ("pharmacist", {"pharmacy_name": "East wing"}, "pharmacy_name"),
        ("hospitaladmin", {}, ""),
    ],
)
def test_a_member_is_added_in_one_form(
    admin_client: Client, north: HospitalCast, model: str, more: dict[str, str], fact: str
) -> None:
    answer = admin_client.post(reverse(f"admin:hospitals_{model}_add"), {**NEW, **more})
    user = User.objects.get(email=NEW["email"])
    assert user.check_password(password_on(answer.content.decode()))
    assert (user.hospital_id, user.must_change_password) == (north.hospital.pk, True)
    assert "no-store" in answer.headers["Cache-Control"]
    if fact:
        assert getattr(getattr(user, model), fact) == more[fact]
    change = admin_client.get(reverse(f"admin:hospitals_{model}_change", args=[user.pk])).content.decode()
    assert "Nora New" in change
    assert password_on(answer.content.decode()) not in change


def test_a_hospital_admin_cannot_name_another_hospital(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    admin_client.post(reverse("admin:hospitals_doctor_add"), {**NEW, "hospital": str(south.hospital.pk)})
    assert User.objects.get(email=NEW["email"]).hospital_id == north.hospital.pk


def test_an_operator_chooses_the_hospital(south: HospitalCast) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    add = reverse("admin:hospitals_hospitaladmin_add")
    assert "This field is required." in client.post(add, NEW).content.decode()
    client.post(add, {**NEW, "hospital": str(south.hospital.pk)})
    assert User.objects.get(email=NEW["email"]).hospital_id == south.hospital.pk


def test_an_email_in_use_is_told_beside_its_field(admin_client: Client, south: HospitalCast) -> None:
    users = User.objects.count()
    page = admin_client.post(reverse("admin:hospitals_doctor_add"), {**NEW, "email": "DOCTOR@south.test"})
    assert "Somebody signs in with this email already." in page.content.decode()
    assert User.objects.count() == users
    assert AccessEvent.objects.count() == 0


def test_a_change_goes_through_the_action(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_doctor_change", args=[north.doctor.pk])
    answer = admin_client.post(address, {"full_name": "Dora Newname", "specialty": ""}, follow=True)
    user = User.objects.get(pk=north.doctor.pk)
    assert (user.profile.full_name, user.doctor.specialty) == ("Dora Newname", None)
    assert "Dora Newname: saved." in answer.content.decode()
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id, event.reason) == ("changed_staff", str(user.pk), "changed")


def test_access_is_taken_and_given_back_after_asking(
    admin_client: Client, north: HospitalCast, published: list[uuid.UUID]
) -> None:
    address = reverse("admin:hospitals_doctor_access", args=[north.doctor.pk])
    assert "Deactivate Dora North?" in admin_client.get(address).content.decode()
    assert User.objects.get(pk=north.doctor.pk).is_active is True
    admin_client.post(address)
    assert User.objects.get(pk=north.doctor.pk).is_active is False
    assert "Let Dora North in again?" in admin_client.get(address).content.decode()
    admin_client.post(address)
    assert User.objects.get(pk=north.doctor.pk).is_active is True


def test_an_admin_cannot_lock_themselves_out(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_hospitaladmin_access", args=[north.admin.pk])
    assert "You cannot deactivate yourself." in admin_client.post(address, follow=True).content.decode()
    assert User.objects.get(pk=north.admin.pk).is_active is True


def test_a_new_password_is_shown_once(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_pharmacist_password", args=[north.pharmacist.pk])
    assert "portal-secret" not in admin_client.get(address).content.decode()
    password = password_on(admin_client.post(address).content.decode())
    assert User.objects.get(pk=north.pharmacist.pk).check_password(password)


def test_an_operator_sets_a_hospitals_zone(north: HospitalCast, published: list[uuid.UUID]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    address = reverse("admin:hospitals_hospital_change", args=[north.hospital.pk])
    form = client.get(address).context["adminform"].form
    typed = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    assert "Not a time zone" in client.post(address, {**typed, "time_zone": "Vienna"}).content.decode()
    assert published == []
    assert client.post(address, {**typed, "time_zone": "Europe/London"}).status_code == 302
    assert Hospital.objects.get(pk=north.hospital.pk).time_zone == "Europe/London"
    assert published == [north.doctor.pk]
    added = client.post(reverse("admin:hospitals_hospital_add"), {**typed, "name": "West"})
    assert added.status_code == 302
    assert Hospital.objects.get(name="West").time_zone == "Europe/Vienna"
    assert AccessEvent.objects.filter(action="changed_hospital").count() == 2
