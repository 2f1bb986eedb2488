from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from pytest_django import Settings

from accounts.models import Patient, User
from dev.simulators.calcom.process import SimulatorProcess
from hospitals.models import Doctor, DoctorAvailability
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import CalLink
from tests.cast import PASSWORD, HospitalCast
from tests.integrations.calcom.clinic import TEAM_ID, Clinic, Receiver, control, open_clinic, receiving

# A Monday far ahead, ten o'clock in Vienna: the simulator's clock is the real one.
MONDAY_TEN = dt.datetime(2050, 9, 5, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


@dataclass(frozen=True, slots=True)
class Connected:
    """Hospital North's doctor, with Monday hours, connected to the simulator."""

    simulator: SimulatorProcess
    client: CalcomClient
    doctor: Doctor
    patient: Patient
    link: CalLink


@pytest.fixture
def ready(simulator: SimulatorProcess, north: HospitalCast, settings: Settings) -> HospitalCast:
    """Hospital North with a team in an emptied simulator, its doctor with Monday hours and not connected."""
    settings.CALCOM_API_URL = simulator.url
    settings.CALCOM_API_KEY = simulator.api_key
    control(simulator, "POST", "reset")
    control(simulator, "POST", "teams", {"id": TEAM_ID, "name": "North"})
    north.hospital.cal_team_id = TEAM_ID
    north.hospital.save()
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    return north


@pytest.fixture
def calcom(simulator: SimulatorProcess) -> Iterator[CalcomClient]:
    client = CalcomClient(simulator.config)
    yield client
    client.close()


@pytest.fixture
def connected(ready: HospitalCast, simulator: SimulatorProcess, calcom: CalcomClient, patient: Patient) -> Connected:
    link = connect_doctor(ready.doctor.pk, calcom)
    return Connected(simulator, calcom, ready.doctor, patient, link)


@pytest.fixture
def clinic(simulator: SimulatorProcess) -> Iterator[Clinic]:
    with requests.Session() as session:
        yield open_clinic(simulator, session)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as subscriber:
        yield subscriber
