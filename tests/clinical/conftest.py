from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Patient, Role, User
from clinical.models import Appointment, Prescription
from clinical.prescriptions.actions import approve_prescription, claim_prescription
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_staff
from tests.clinical.deciding import SOON
from tests.clinical.records import NOW, make_prescription, make_visit

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
    return make_visit(patient, north.doctor, SOON)


@pytest.fixture
def colleague(north: HospitalCast) -> User:
    user = make_staff(north.hospital, Role.PHARMACIST, "second@north.test", "Paul North")
    Pharmacist.objects.create(user=user, hospital=north.hospital)
    return user


@pytest.fixture
def waiting(north: HospitalCast, patient: Patient) -> Prescription:
    return make_prescription(patient, north.doctor)


@pytest.fixture
def mine(waiting: Prescription, north: HospitalCast) -> Prescription:
    return claim_prescription(prescription_id=waiting.pk, by=north.pharmacist.user, at=NOW)


@pytest.fixture
def approved(mine: Prescription, north: HospitalCast) -> Prescription:
    return approve_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW)
