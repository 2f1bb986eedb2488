"""The box above a list of staff: the beginning of any part of a name, or of an email, of the own hospital, by index."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Role
from hospitals.models import Doctor
from integrations.models import CalLink
from tests.cast import HospitalCast, make_staff

pytestmark = pytest.mark.usefixtures("published")

DOCTORS = "/admin/hospitals/doctor/"
LINKS = "/admin/integrations/callink/"


@pytest.fixture(autouse=True)
def _colleague(north: HospitalCast, south: HospitalCast) -> None:
    for cast, email in ((north, "maja@north.test"), (south, "maja@south.test")):
        user = make_staff(cast.hospital, Role.DOCTOR, email, "Dr. Maja van Loon")
        doctor = Doctor.objects.create(user=user, hospital=cast.hospital)
        CalLink.objects.create(doctor=doctor)


@pytest.mark.parametrize("address", [DOCTORS, LINKS])
@pytest.mark.parametrize(
    ("text", "is_found"),
    [("loo", True), ("maja van", True), ("MAJA@N", True), ("oon", False), ("aja@north", False), ("maja@s", False)],
)
def test_beginnings_find_the_own_staff(address: str, text: str, is_found: bool, admin_client: Client) -> None:
    page = admin_client.get(address, {"q": text}).content.decode()
    assert ("Maja van Loon" in page) == is_found
    assert ("Nothing matches" in page) == (not is_found)
    assert "maja@south.test" not in page
