"""The pages of a doctor's place in Cal.com, light and dark, on a desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, User
from hospitals.models import Doctor, DoctorAvailability
from integrations.calcom.schedules.plan import schedule_hash, shape_of
from integrations.calcom.schedules.publisher import desired_schedule
from integrations.models import CalConnection, CalLink
from tests.browser.looks import press
from tests.browser.people import SignedIn
from tests.browser.test_portal_looks import LIGHTS, WIDTHS, assert_good
from tests.cast import PASSWORD, HospitalCast, make_staff

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGES = {
    "both sides": "/admin/integrations/callink/doctor/{edited}/",
    "not connected": "/admin/integrations/callink/doctor/{failed}/",
    "hours": "/admin/hospitals/doctor/{edited}/hours/",
    "numbers": "/admin/integrations/callink/doctor/{failed}/ids/",
    "connect all": "/admin/integrations/callink/connect/?hospital={hospital}",
    "list": "/admin/integrations/callink/",
}
ADMINS = {name: path for name, path in PAGES.items() if name != "numbers"}
OPERATORS = {name: path for name, path in PAGES.items() if name != "hours"}


@pytest.fixture
def colleague(north: HospitalCast) -> Doctor:
    user = make_staff(north.hospital, Role.DOCTOR, "colleague@north.test", "Cora North")
    return Doctor.objects.create(user=user, hospital=north.hospital, specialty="Surgery")


def places(north: HospitalCast, colleague: Doctor) -> dict[str, object]:
    """One doctor whose hours somebody edited in Cal.com; another who could not be connected."""
    for day in range(1, 6):
        for start, end in (("08:00", "12:00"), ("13:00", "17:00")):
            DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=day, start_time=start, end_time=end)
    wanted = desired_schedule(north.doctor.pk)
    assert wanted
    shown: Any = shape_of(wanted).json()
    shown["week"] |= {"3": [["08:00", "12:00"]], "6": [["20:00", "23:59"]]}
    shown["dates"] = {"2050-09-05": []}
    wanted_hash = schedule_hash(wanted)
    CalLink.objects.create(
        doctor=north.doctor,
        **{"cal_user_id": 11, "cal_schedule_id": 12, "cal_event_type_id": 13},
        **{"pushed_length_minutes": 30, "pushed_buffer_minutes": 0, "pushed_notice_minutes": 60},
        **{"wanted_hash": wanted_hash, "pushed_hash": wanted_hash, "shown_schedule": shown},
        **{"read_at": timezone.now(), "drift": "edited", "differs_since": timezone.now()},
    )
    CalConnection.objects.create(doctor=colleague, state="failed", step="team", reason="no_team")
    return {"edited": north.doctor.pk, "failed": colleague.pk, "hospital": north.hospital.pk}


@LIGHTS
@WIDTHS
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_the_pages(
    who: str, size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, colleague: Doctor
) -> None:
    keys = places(north, colleague)
    user = north.admin if who == "admin" else User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    page = signed_in(user, "/admin/", size=size, dark=dark)
    assert_good(page, ADMINS if who == "admin" else OPERATORS, keys)


def test_ours_is_pushed_by_keyboard(signed_in: SignedIn, north: HospitalCast, colleague: Doctor) -> None:
    keys = places(north, colleague)
    page = signed_in(north.admin, PAGES["both sides"].format(**keys), size="phone")
    press(page, page.get_by_role("button", name="Send our hours to Cal.com"))
    page.get_by_text("On the way to Cal.com.", exact=True).wait_for()
    assert CalLink.objects.get().pushed_hash is None
