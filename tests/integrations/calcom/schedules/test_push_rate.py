"""300 changed schedules go out as fast as Cal.com allows, and no patient waits for them. The clock is simulated."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import uuid
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import responses
import time_machine
from django.conf import settings
from requests import PreparedRequest

from accounts.models import Patient, Profile, Role, User
from hospitals.models import Doctor, DoctorAvailability
from integrations.calcom.api.budget import CALLS_A_WINDOW, KEPT_FOR_BOOKINGS, WINDOW_SECONDS
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.bookings.worker import run_next_booking_request
from integrations.calcom.schedules.publisher import CalcomSchedules, push_next_schedule
from integrations.models import BookingRequest, CalLink
from tests.cast import HospitalCast

DOCTORS = 300
START = dt.datetime(2050, 9, 5, 6, 0, tzinfo=dt.UTC)
NEXT_MONDAY_NINE = START + dt.timedelta(days=7, hours=1)
# Schedules are looked for every so often, as by the scheduler.
SWEEP_SECONDS = 10
# Patients book one by one, and once eighteen within one second.
BOOKING_SECONDS = [*range(13, 600, 31), *[301] * 18]
LONGEST = 1800
HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = [pytest.mark.slow, pytest.mark.django_db]

Answer = tuple[int, dict[str, str], str]


@dataclass
class Vendor:
    """Keeps schedules and takes bookings, and remembers when it was called, by the simulated clock."""

    schedules: dict[str, Any] = field(default_factory=dict)
    background: list[float] = field(default_factory=list)
    bookings: list[float] = field(default_factory=list)

    @property
    def calls(self) -> list[float]:
        return sorted(self.background + self.bookings)

    def schedule(self, request: PreparedRequest) -> Answer:
        self.background.append(time.time())
        number = str(request.url).rpartition("/")[2]
        if request.method == "PATCH":
            self.schedules[number] = json.loads(request.body or "{}")
        shown = {"id": int(number), "ownerId": 1, **self.schedules[number]}
        return 200, {}, json.dumps({"status": "success", "data": shown})

    def booking(self, request: PreparedRequest) -> Answer:
        self.bookings.append(time.time())
        body = json.loads(request.body or "{}")
        start = dt.datetime.fromisoformat(body["start"])
        booking = {
            "uid": uuid.uuid4().hex,
            "status": "accepted",
            "start": start.isoformat(),
            "end": (start + HALF_HOUR).isoformat(),
            "hosts": [{"id": body["eventTypeId"]}],
            "attendees": [body["attendee"]],
            "eventType": {"id": body["eventTypeId"]},
            "metadata": body["metadata"],
        }
        return 201, {}, json.dumps({"status": "success", "data": booking})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    schedule = re.compile(rf"{settings.CALCOM_API_URL}/v2/organizations/1/users/\d+/schedules/\d+")
    with responses.RequestsMock() as mock:
        mock.add_callback(responses.PATCH, schedule, vendor.schedule)
        mock.add_callback(responses.GET, schedule, vendor.schedule)
        mock.add_callback(responses.POST, f"{settings.CALCOM_API_URL}/v2/bookings", vendor.booking)
        yield vendor


@pytest.fixture
def doctors(north: HospitalCast) -> list[Doctor]:
    hospital = north.hospital
    users = [
        User(id=uuid.uuid4(), email=f"d{number}@north.test", role=Role.DOCTOR, hospital=hospital)
        for number in range(DOCTORS)
    ]
    User.objects.bulk_create(users)
    Profile.objects.bulk_create(Profile(user=user, full_name="Dora Doctor") for user in users)
    doctors = [Doctor(user=user, hospital=hospital, specialty="Surgery") for user in users]
    Doctor.objects.bulk_create(doctors)
    CalLink.objects.bulk_create(
        CalLink(doctor=doctor, cal_user_id=number, cal_schedule_id=number, cal_event_type_id=number)
        for number, doctor in enumerate(doctors, start=1)
    )
    return doctors


def change_hours(doctors: list[Doctor]) -> None:
    DoctorAvailability.objects.bulk_create(
        DoctorAvailability(doctor=doctor, day_of_week=1, start_time="09:00", end_time="12:00") for doctor in doctors
    )
    for doctor in doctors:
        CalcomSchedules().want(doctor.pk)


def is_behind() -> bool:
    return any(not link.is_in_step for link in CalLink.objects.all())


def most_in_a_window(calls: list[float]) -> int:
    """The most calls in any 60 s; those 60 s apart are not in one."""
    calls = sorted(calls)
    return max(number - bisect_right(calls, at - WINDOW_SECONDS) + 1 for number, at in enumerate(calls))


def most_before(call: list[float], calls: list[float]) -> int:
    """The most calls of all in the 60 s up to one of these."""
    return max(bisect_right(calls, at) - bisect_right(calls, at - WINDOW_SECONDS) for at in call)


def test_300_schedules_and_a_patient(vendor: Vendor, doctors: list[Doctor], patient: Patient) -> None:
    asked: list[float] = []
    with time_machine.travel(START, tick=False) as clock:
        change_hours(doctors)
        for second in range(LONGEST):
            for _ in range(BOOKING_SECONDS.count(second)):
                number = len(asked)
                CalcomBookings().request_booking(
                    patient_id=patient.pk,
                    doctor=doctors[number],
                    start=NEXT_MONDAY_NINE,
                    reason="",
                )
                asked.append(time.time())
                run_next_booking_request()  # as the wake-up lets a worker do
            if second % SWEEP_SECONDS == 0:
                while push_next_schedule():
                    pass
                if not is_behind():
                    break
            clock.shift(1)
        took = time.time() - START.timestamp()

    assert len(vendor.schedules) == DOCTORS
    assert not is_behind()
    assert CalLink.objects.filter(failures__gt=0).count() == 0
    assert most_in_a_window(vendor.calls) <= CALLS_A_WINDOW
    # In the minute before any call for a schedule there were 60 at most, of whatever kind, this one included.
    assert most_before(vendor.background, vendor.calls) == CALLS_A_WINDOW - KEPT_FOR_BOOKINGS
    waits = [sent - at for at, sent in zip(asked, vendor.bookings, strict=True)]
    assert len(waits) == len(BOOKING_SECONDS)
    assert max(waits) < 1
    assert set(BookingRequest.objects.values_list("state", flat=True)) == {"done"}
    # Two calls for a schedule, and thirty pairs fit in a minute: ten minutes at the least.
    assert 9 * WINDOW_SECONDS <= took <= 15 * WINDOW_SECONDS
