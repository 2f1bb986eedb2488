"""An email is corrected by an admin: what the old one opened ends, and both addresses are told."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.messages.send_mail import send_staff_mail
from accounts.models import AccessEvent, StaffMail, User
from accounts.staff_sign_in.passwords import password_link, user_of_link
from hospitals.staff.actions import OwnEmail, change_staff_email, mail_password_link
from tests.cast import HospitalCast

NEW = "dora.north@north.test"


def change(client: Client, north: HospitalCast, email: str) -> str:
    address = reverse("admin:hospitals_doctor_email", args=[north.doctor.pk])
    return client.post(address, {"email": email}, follow=True).content.decode()


def test_sessions_and_links_end_and_both_addresses_are_told(admin_client: Client, north: HospitalCast) -> None:
    user = north.doctor.user
    signed_in = Client()
    signed_in.force_login(user)
    assert signed_in.get("/staff/doctor/").status_code == 200
    token = password_link(user, StaffMail.Kind.INVITATION).partition("#")[2]
    mail_password_link(user=user, by=north.admin, at=timezone.now())
    assert "Dora North: saved." in change(admin_client, north, NEW)
    assert User.objects.get(pk=user.pk).email == NEW
    assert user_of_link(token) is None
    assert signed_in.get("/staff/doctor/").status_code == 302
    assert send_staff_mail(at=timezone.now()) == 2
    assert sorted((one.to[0], "/staff/password/set/?open#" in str(one.body)) for one in mail.outbox) == [
        ("doctor@north.test", False),
        (NEW, True),
    ]
    assert NEW not in next(one.body for one in mail.outbox if one.to == ["doctor@north.test"])
    assert set(StaffMail.objects.values_list("status", "address")) == {("sent", None)}
    reasons = AccessEvent.objects.filter(action="changed_staff").order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["password link", "email changed", "password link"]


@pytest.mark.parametrize("email", ["pharmacist@north.test", "PHARMACIST@NORTH.TEST", "doctor", ""])
def test_a_taken_or_impossible_email_changes_nothing(admin_client: Client, north: HospitalCast, email: str) -> None:
    page = change(admin_client, north, email)
    assert "Change the email of Dora North?" in page
    user = User.objects.get(pk=north.doctor.pk)
    assert (user.email, user.password) == ("doctor@north.test", north.doctor.user.password)
    assert (StaffMail.objects.count(), AccessEvent.objects.count()) == (0, 0)


def test_what_nobody_sees_in_a_pasted_email_is_dropped(admin_client: Client, north: HospitalCast) -> None:
    """As at sign-in, where it is typed."""
    change(admin_client, north, "dora.north@north.test\u200b")
    assert User.objects.get(pk=north.doctor.pk).email == NEW


def test_ones_own_is_changed_by_another(north: HospitalCast) -> None:
    with pytest.raises(OwnEmail):
        change_staff_email(user=north.admin, email=NEW, by=north.admin, at=timezone.now())
    assert User.objects.get(pk=north.admin.pk).email == "admin@north.test"
