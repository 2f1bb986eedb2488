from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent, StaffMail, User
from hospitals.models import Hospital
from tests.cast import PASSWORD, HospitalCast

pytestmark = pytest.mark.usefixtures("published")

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
    # Before patients can book a doctor, two things are left to do.
    is_doctor = model == "doctor"
    assert (f'href="/admin/hospitals/doctor/{user.pk}/hours/">Set hours</a>' in answer.content.decode()) is is_doctor
    assert (">Connect</a>" in answer.content.decode()) is is_doctor
    assert "Nora New" in answer.content.decode()
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
    assert "This email is already in use." in page.content.decode()
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
    admin_client.post(address, {"access": "end"})
    assert User.objects.get(pk=north.doctor.pk).is_active is False
    assert "Reactivate Dora North?" in admin_client.get(address).content.decode()
    admin_client.post(address, {"access": "restore"})
    assert User.objects.get(pk=north.doctor.pk).is_active is True


def test_the_buttons_of_a_member_say_what_they_do(admin_client: Client, north: HospitalCast) -> None:
    def buttons() -> list[str]:
        page = admin_client.get(reverse("admin:hospitals_doctor_change", args=[north.doctor.pk])).content.decode()
        return re.findall(r'href="../access/">([^<]+)</a>', page)

    assert buttons() == ["Deactivate…"]
    later = timezone.now() + dt.timedelta(minutes=5)
    User.objects.filter(pk=north.doctor.pk).update(lockout_until=later)
    assert buttons() == ["Unlock…", "Deactivate…"]
    User.objects.filter(pk=north.doctor.pk).update(lockout_until=None, is_active=False)
    assert buttons() == ["Reactivate…"]


def test_one_button_saves_and_too_long_is_said(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_doctor_change", args=[north.doctor.pk])
    page = admin_client.get(address).content.decode()
    assert "_continue" not in page
    assert "maxlength" not in page[page.index('name="specialty"') :].partition(">")[0]
    page = admin_client.post(address, {"full_name": "Dora North", "specialty": "x" * 201}).content.decode()
    assert "Ensure this value has at most 200 characters" in page


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


def test_an_own_password_is_changed_on_ones_own_page(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_hospitaladmin_password", args=[north.admin.pk])
    stored = User.objects.get(pk=north.admin.pk).password
    assert admin_client.post(address).headers["Location"] == reverse("staff:password")
    assert User.objects.get(pk=north.admin.pk).password == stored


def test_a_member_may_be_mailed_a_link_instead_of_a_password(admin_client: Client, north: HospitalCast) -> None:
    page = admin_client.post(reverse("admin:hospitals_doctor_add"), {**NEW, "by_mail": "1"}, follow=True)
    assert "was added. A link to set a password is on its way to nora@north.test." in page.content.decode()
    assert "has not set a password yet" in page.content.decode()
    address = reverse("admin:hospitals_pharmacist_password", args=[north.pharmacist.pk])
    page = admin_client.post(address, {"by_mail": "1"}, follow=True)
    assert "A link to set a password is on its way to pharmacist@north.test." in page.content.decode()
    assert list(StaffMail.objects.order_by("created_at").values_list("kind", "user__email")) == [
        ("invitation", "nora@north.test"),
        ("invitation", "pharmacist@north.test"),
    ]


def test_a_closed_account_is_shown_and_released(admin_client: Client, north: HospitalCast) -> None:
    access = reverse("admin:hospitals_doctor_access", args=[north.doctor.pk])
    release = reverse("admin:hospitals_doctor_release", args=[north.doctor.pk])
    assert "Locked after failed sign-ins" not in admin_client.get(access).content.decode()
    for _ in range(5):
        Client().post(reverse("staff:login"), {"email": "doctor@north.test", "password": "wrong"})
    assert (
        "locked after failed sign-ins"
        in admin_client.get(reverse("admin:hospitals_doctor_changelist")).content.decode()
    )
    assert "Locked after failed sign-ins" in admin_client.get(access).content.decode()
    assert admin_client.get(release).headers["Location"] == access
    assert User.objects.get(pk=north.doctor.pk).login_attempts == 5
    page = admin_client.post(release, follow=True)
    assert "Dora North can try to sign in again." in page.content.decode()
    assert User.objects.get(pk=north.doctor.pk).login_attempts == 0
    assert AccessEvent.objects.latest("pk").action == "released_lockout"


def test_a_second_factor_is_reset_after_asking(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_doctor_second-factor", args=[north.doctor.pk])
    change = reverse("admin:hospitals_doctor_change", args=[north.doctor.pk])
    assert address not in admin_client.get(change).content.decode()
    User.objects.filter(pk=north.doctor.pk).update(second_factor_since=timezone.now())
    assert "Reset two-factor authentication" in admin_client.get(change).content.decode()
    assert "Reset two-factor authentication for Dora North?" in admin_client.get(address).content.decode()
    assert User.objects.get(pk=north.doctor.pk).has_second_factor
    assert admin_client.post(address).headers["Location"] == change
    assert not User.objects.get(pk=north.doctor.pk).has_second_factor


def test_an_own_second_factor_is_not_reset_here(admin_client: Client, north: HospitalCast) -> None:
    address = reverse("admin:hospitals_hospitaladmin_second-factor", args=[north.admin.pk])
    page = admin_client.post(address, follow=True)
    assert "Remove your own on your page" in page.content.decode()
    assert AccessEvent.objects.count() == 0


@pytest.mark.parametrize("page", ["access", "release", "password", "second-factor"])
def test_access_pages_of_another_hospital_change_nothing(
    admin_client: Client, north: HospitalCast, south: HospitalCast, page: str
) -> None:
    before = User.objects.filter(pk=south.doctor.pk).values().get()
    assert admin_client.post(reverse(f"admin:hospitals_doctor_{page}", args=[south.doctor.pk])).status_code == 302
    assert User.objects.filter(pk=south.doctor.pk).values().get() == before
    assert (AccessEvent.objects.count(), StaffMail.objects.count()) == (0, 0)
