from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Patient, User
from clinical.models import Appointment
from tests.cast import HospitalCast
from tests.clinical.deciding import SOON
from tests.clinical.records import make_visit

SignedIn = Callable[[User], Client]


@pytest.fixture
def signed_in(db: None) -> SignedIn:
    """A browser of this person."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return browser


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    return make_visit(north.doctor, patient, SOON)
