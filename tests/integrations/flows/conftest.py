from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from accounts.models import Patient
from hospitals.models import Doctor, DoctorAvailability
from integrations.calcom.client import CalcomClient
from integrations.calcom.connect import connect_doctor
from integrations.calcom.simulator_process import SimulatorProcess, start_simulator
from integrations.models import CalLink
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import TEAM_ID, control

# A Monday far ahead, ten o'clock in Vienna: the simulator's clock is the real one.
MONDAY_TEN = dt.datetime(2050, 9, 5, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path_factory.mktemp("calcom") / "state.sqlite3") as process:
        yield process


@dataclass(frozen=True, slots=True)
class Connected:
    """Hospital North's doctor, with Monday hours, connected to the simulator."""

    simulator: SimulatorProcess
    client: CalcomClient
    doctor: Doctor
    patient: Patient
    link: CalLink


@pytest.fixture
def connected(
    simulator: SimulatorProcess, north: HospitalCast, patient: Patient, settings: Settings
) -> Iterator[Connected]:
    settings.CALCOM_API_URL = simulator.url
    settings.CALCOM_API_KEY = simulator.api_key
    control(simulator, "POST", "reset")
    control(simulator, "POST", "teams", {"id": TEAM_ID, "name": "North"})
    north.hospital.cal_team_id = TEAM_ID
    north.hospital.save()
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    client = CalcomClient(simulator.config)
    link = connect_doctor(north.doctor.pk, client)
    yield Connected(simulator, client, north.doctor, patient, link)
    client.close()
