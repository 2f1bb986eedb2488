from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, Role, User
from hospitals.models import Doctor, DoctorAvailability
from tests.cast import HospitalCast, make_staff

pytestmark = pytest.mark.usefixtures("published")

TYPED = {"d1-0-start": "08:00", "d1-0-end": "12:00"}


@pytest.fixture
def colleague(north: HospitalCast) -> Doctor:
    user = make_staff(north.hospital, Role.DOCTOR, "colleague@north.test", "Cora North")
    return Doctor.objects.create(user=user, hospital=north.hospital)


@pytest.fixture
def address(north: HospitalCast) -> str:
    return reverse("admin:hospitals_doctor_hours", args=[north.doctor.pk])


def work(doctor: Doctor, *windows: tuple[int, str, str]) -> None:
    for day, start, end in windows:
        DoctorAvailability.objects.create(doctor=doctor, day_of_week=day, start_time=start, end_time=end)


def shown(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(d\d-\d+-(?:start|end))" value="([^"]+)"', page))


def choices(page: str) -> list[str]:
    block = re.search(r'name="take_from"[^>]*>(.*?)</select>', page, re.DOTALL)
    return re.findall(r">([^<]+)</option>", block[1]) if block else []


def test_a_colleagues_week_is_shown_and_saved_only_by_saving(
    admin_client: Client, north: HospitalCast, colleague: Doctor, address: str, published: list[uuid.UUID]
) -> None:
    # A night is two windows, and one row of the form.
    work(colleague, (2, "09:00", "13:00"), (5, "22:00", "23:59"), (6, "00:00", "06:00"))
    assert choices(admin_client.get(address).content.decode()) == ["Cora North"]
    page = admin_client.post(address, {**TYPED, "do": "take", "take_from": str(colleague.pk)}).content.decode()
    taken = {"d2-0-start": "09:00", "d2-0-end": "13:00", "d5-0-start": "22:00", "d5-0-end": "06:00"}
    assert shown(page) == taken
    assert "Not saved yet." in page
    assert (north.doctor.availability.count(), published, AccessEvent.objects.count()) == (0, [], 0)
    admin_client.post(address, {**taken, "do": "save"})
    assert [(row.day_of_week, row.start_time) for row in north.doctor.availability.all()] == [
        (2, dt.time(9)),
        (5, dt.time(22)),
        (6, dt.time(0)),
    ]
    assert colleague.availability.count() == 3


def test_nobody_else_is_offered_or_copied(
    admin_client: Client, north: HospitalCast, south: HospitalCast, colleague: Doctor, address: str
) -> None:
    """Not the doctor, not one without hours, not one who left, not another hospital's."""
    left = Doctor.objects.create(
        user=make_staff(north.hospital, Role.DOCTOR, "left@north.test", "Lea Left"), hospital=north.hospital
    )
    User.objects.filter(pk=left.pk).update(is_active=False)
    for doctor in (north.doctor, south.doctor, left):
        work(doctor, (3, "09:00", "10:00"))
    assert choices(admin_client.get(address).content.decode()) == []
    for chosen in (south.doctor.pk, left.pk, colleague.pk, north.doctor.pk, uuid.uuid4(), "nonsense", ""):
        page = admin_client.post(address, {**TYPED, "do": "take", "take_from": str(chosen)}).content.decode()
        assert shown(page) == TYPED, chosen
