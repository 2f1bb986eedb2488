"""The fixed cast of the tests: hospital North with its staff, hospital South with the same, two patients."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import Patient, Profile, Role, User
from hospitals.models import Doctor, Hospital, HospitalAdmin, Pharmacist

PASSWORD = "a-long-test-password"

# Before anything that tests tell of: what is booked with a number then is its owner's.
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class HospitalCast:
    hospital: Hospital
    admin: User
    doctor: Doctor
    pharmacist: Pharmacist


def make_hospital(name: str, *, time_zone: str) -> HospitalCast:
    hospital = Hospital.objects.create(name=name, time_zone=time_zone)
    slug = name.lower()
    admin = make_staff(hospital, Role.HOSPITAL_ADMIN, f"admin@{slug}.test", f"Ada {name}")
    doctor = make_staff(hospital, Role.DOCTOR, f"doctor@{slug}.test", f"Dora {name}")
    pharmacist = make_staff(hospital, Role.PHARMACIST, f"pharmacist@{slug}.test", f"Pia {name}")
    HospitalAdmin.objects.create(user=admin, hospital=hospital)
    return HospitalCast(
        hospital=hospital,
        admin=admin,
        doctor=Doctor.objects.create(user=doctor, hospital=hospital, specialty="Cardiology"),
        pharmacist=Pharmacist.objects.create(user=pharmacist, hospital=hospital, pharmacy_name=f"{name} pharmacy"),
    )


def make_staff(hospital: Hospital, role: Role, email: str, full_name: str) -> User:
    user = User(email=email, role=role, hospital=hospital)
    user.set_password(PASSWORD)
    user.save()
    Profile.objects.create(user=user, full_name=full_name)
    return user


def make_patient(phone: str, full_name: str | None) -> Patient:
    user = User.objects.create(phone=phone, role=Role.PATIENT, created_at=LONG_AGO)
    if full_name:
        Profile.objects.create(user=user, full_name=full_name)
    return Patient.objects.create(user=user)
