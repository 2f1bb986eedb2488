from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from accounts.models import AccessEvent, Profile, Role, User
from hospitals.hours.actions import save_hospital
from hospitals.models import Doctor, Hospital
from hospitals.staff.actions import (
    CannotDeactivateYourself,
    EmailTaken,
    NewStaffMember,
    NotStaffRole,
    add_staff_member,
    deactivate_staff_member,
    make_temporary_password,
    reactivate_staff_member,
    reset_staff_password,
    update_staff_member,
)
from tests.cast import PASSWORD, HospitalCast


def add(north: HospitalCast, *, role: Role = Role.DOCTOR, email: str = "new@north.test") -> NewStaffMember:
    return add_staff_member(
        hospital=north.hospital,
        role=role,
        email=email,
        full_name="Nora New",
        detail="Surgery",
        by=north.admin,
        at=timezone.now(),
    )


@pytest.mark.parametrize(
    ("role", "table"),
    [(Role.DOCTOR, "doctor"), (Role.PHARMACIST, "pharmacist"), (Role.HOSPITAL_ADMIN, "hospital_admin")],
)
def test_a_member_is_a_user_a_profile_and_a_role_row(north: HospitalCast, role: Role, table: str) -> None:
    new = add(north, role=role)
    user = User.objects.get(email="new@north.test")
    assert (user.role, user.hospital_id, user.profile.full_name) == (role, north.hospital.pk, "Nora New")
    assert getattr(user, table).hospital_id == north.hospital.pk
    assert user.check_password(new.temporary_password)
    assert user.must_change_password
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id, event.reason) == ("changed_staff", str(user.pk), "added")


@pytest.mark.parametrize("email", ["doctor@north.test", "DOCTOR@North.test"])
def test_an_email_in_use_is_refused_whatever_its_case(north: HospitalCast, email: str) -> None:
    users = User.objects.count()
    with pytest.raises(EmailTaken):
        add(north, email=email)
    assert User.objects.count() == users
    assert AccessEvent.objects.count() == 0


def test_a_patient_is_no_member_of_staff(north: HospitalCast) -> None:
    users = User.objects.count()
    with pytest.raises(NotStaffRole):
        add(north, role=Role.PATIENT)
    assert User.objects.count() == users


def test_temporary_passwords_differ_and_are_easy_to_read() -> None:
    passwords = {make_temporary_password() for _ in range(200)}
    assert len(passwords) == 200
    assert {len(password) for password in passwords} == {14}
    assert not set("".join(passwords)) & set("0Oo1lI")


def test_a_deactivated_member_is_let_in_again(north: HospitalCast, published: list[uuid.UUID]) -> None:
    at, user = timezone.now(), north.doctor.user
    deactivate_staff_member(user=user, by=north.admin, at=at)
    assert User.objects.get(pk=user.pk).is_active is False
    deactivate_staff_member(user=user, by=north.admin, at=at)
    reactivate_staff_member(user=user, by=north.admin, at=at)
    assert User.objects.get(pk=user.pk).is_active is True
    assert [event.reason for event in AccessEvent.objects.order_by("pk")] == ["deactivated", "reactivated"]
    assert published == [user.pk, user.pk]


def test_nobody_deactivates_themselves(north: HospitalCast) -> None:
    with pytest.raises(CannotDeactivateYourself):
        deactivate_staff_member(user=north.admin, by=north.admin, at=timezone.now())
    assert User.objects.get(pk=north.admin.pk).is_active is True


def test_a_reset_password_replaces_the_old_one(north: HospitalCast) -> None:
    password = reset_staff_password(user=north.doctor.user, by=north.admin, at=timezone.now())
    user = User.objects.get(pk=north.doctor.pk)
    assert user.check_password(password)
    assert not user.check_password(PASSWORD)
    assert user.must_change_password


def test_a_member_changes_name_and_specialty(north: HospitalCast) -> None:
    update_staff_member(
        member=north.doctor, full_name="Dora Newname", detail="Surgery", by=north.admin, at=timezone.now()
    )
    assert Profile.objects.get(pk=north.doctor.pk).full_name == "Dora Newname"
    assert Doctor.objects.get(pk=north.doctor.pk).specialty == "Surgery"


def test_another_zone_publishes_every_doctors_hours_again(north: HospitalCast, published: list[uuid.UUID]) -> None:
    hospital = Hospital.objects.get(pk=north.hospital.pk)
    hospital.name = "North renamed"
    save_hospital(hospital=hospital, by=None, at=timezone.now())
    assert published == []
    hospital.time_zone = "Europe/London"
    save_hospital(hospital=hospital, by=None, at=timezone.now())
    assert published == [north.doctor.pk]
    assert AccessEvent.objects.filter(action="changed_hospital").count() == 2
