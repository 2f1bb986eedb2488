"""Who is in the demo: hospitals, their staff and their patients, as unsaved rows with their ids."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from zoneinfo import ZoneInfo

from accounts.models import Patient, Profile, Role, User
from config.demo.hours import PATTERNS, Window
from config.demo.names import american_phones, austrian_phones, full_names
from hospitals.models import Doctor, DoctorAvailability, Hospital, HospitalAdmin, Pharmacist

EMAIL_DOMAIN = "demo.wardbook.example"
PATIENTS = 200
# These are known in both hospitals: of the other one, a doctor sees the current medications only.
TRAVELLERS = 6
YOUNGEST_YEARS, OLDEST_YEARS = 2, 91


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff; a doctor also has weekly hours."""

    user: User
    profile: Profile
    post: Doctor | Pharmacist | HospitalAdmin | None
    windows: list[Window] = field(default_factory=list)

    @property
    def id(self) -> uuid.UUID:
        return self.user.pk


@dataclass(frozen=True, slots=True)
class House:
    """A hospital with its people. `patients` are those who come here; travellers come to both."""

    hospital: Hospital
    doctors: list[Member]
    pharmacists: list[Member]
    admins: list[Member]
    patients: list[Person] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        assert self.hospital.time_zone
        return ZoneInfo(self.hospital.time_zone)

    @property
    def visit_length(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.hospital.visit_length_minutes)

    @property
    def star(self) -> Person:
        """The patient whose telephone number is shown: somebody with a bit of everything."""
        return self.patients[0]

    @property
    def staff(self) -> list[Member]:
        return [*self.doctors, *self.pharmacists, *self.admins]


@dataclass(frozen=True, slots=True)
class Person:
    """A patient."""

    user: User
    profile: Profile
    patient: Patient

    @property
    def id(self) -> uuid.UUID:
        return self.user.pk

    @property
    def name(self) -> str:
        return self.profile.full_name

    @property
    def phone(self) -> str:
        assert self.user.phone
        return self.user.phone


# Name, specialty, hours. The first doctor of each hospital is the one whose sign-in is shown.
LARKFIELD = (
    ("Juniper Hale", "General medicine", "open house"),
    ("Magnus Featherstone", "Emergency medicine", "nights"),
    ("Odette Marchbanks", "Cardiology", "four days"),
    ("Caspian Wren", "Paediatrics", "mornings"),
    ("Isolde Brightwater", "Dermatology", "late"),
    ("Leopold Ashgrove", "Orthopaedics", "part time"),
)
PORT_MERIDIAN = (
    ("Marigold Penhallow", "Family medicine", "open house"),
    ("Thaddeus Stormcrow", "Urgent care", "nights"),
    ("Beatrix Honeycutt", "Gynaecology", "late"),
    ("Ambrose Lanternfield", "Neurology", "mornings"),
    ("Saffron Windermere", "Endocrinology", "four days"),
    ("Percival Oakenshaw", "Psychiatry", "part time"),
)
OPERATOR = "Mercator Compass"


class People:
    """Makes everyone, the same for the same moment. `password` is a hash, shared by all of the staff."""

    def __init__(self, *, at: dt.datetime, password: str) -> None:
        self._rng = random.Random("wardbook demo people")
        self._at = at
        self._password = password
        self.since = at - dt.timedelta(days=420)
        self.operator = self._member(OPERATOR, None, None)
        self.houses = [
            self._house(
                Hospital(
                    name="Larkfield General (demo)",
                    address="1 Skylark Lane, 1999 Larkfield",
                    time_zone="Europe/Vienna",
                    visit_length_minutes=30,
                    booking_notice_minutes=60,
                    emergency_text="Call 144 now, or come to the emergency department.",
                ),
                LARKFIELD,
                pharmacists=("Poppy Mortlake", "Silas Vialborough"),
                admin="Constance Ledgerwood",
            ),
            self._house(
                Hospital(
                    name="Port Meridian Clinic (demo)",
                    address="12 Compass Quay, Port Meridian",
                    time_zone="America/New_York",
                    visit_length_minutes=20,
                    booking_notice_minutes=60,
                    emergency_text="Call 911 now.",
                ),
                PORT_MERIDIAN,
                pharmacists=("Hyacinth Balmforth", "Rafferty Tonic"),
                admin="Augustus Clipboard",
            ),
        ]
        self.patients = list(self._patients())
        for index, house in enumerate(self.houses):
            house.patients.extend(self.patients[index::2])
            house.patients.extend(self.patients[1 - index :: 2][1 : 1 + TRAVELLERS // 2])

    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)

    def _house(
        self,
        hospital: Hospital,
        doctors: tuple[tuple[str, str, str], ...],
        *,
        pharmacists: tuple[str, ...],
        admin: str,
    ) -> House:
        hospital.pk, hospital.created_at = self.id(), self.since
        return House(
            hospital,
            doctors=[self._doctor(hospital, *doctor) for doctor in doctors],
            pharmacists=[self._pharmacist(hospital, name) for name in pharmacists],
            admins=[self._admin(hospital, admin)],
        )

    def _doctor(self, hospital: Hospital, name: str, specialty: str, pattern: str) -> Member:
        assert hospital.time_zone
        today = self._at.astimezone(ZoneInfo(hospital.time_zone)).isoweekday()
        member = self._member(f"Dr. {name}", hospital, Role.DOCTOR)
        doctor = Doctor(user=member.user, hospital=hospital, specialty=specialty)
        return Member(member.user, member.profile, doctor, PATTERNS[pattern].windows(today))

    def _pharmacist(self, hospital: Hospital, name: str) -> Member:
        member = self._member(name, hospital, Role.PHARMACIST)
        shop = f"{hospital.name.partition(' (')[0]} pharmacy"
        return Member(member.user, member.profile, Pharmacist(user=member.user, hospital=hospital, pharmacy_name=shop))

    def _admin(self, hospital: Hospital, name: str) -> Member:
        member = self._member(name, hospital, Role.HOSPITAL_ADMIN)
        return Member(member.user, member.profile, HospitalAdmin(user=member.user, hospital=hospital))

    def _member(self, name: str, hospital: Hospital | None, role: Role | None) -> Member:
        local_part = name.removeprefix("Dr. ").lower().replace(" ", ".")
        user = User(
            id=self.id(),
            email=f"{local_part}@{EMAIL_DOMAIN}",
            role=role,
            hospital=hospital,
            password=self._password,
            password_changed_at=self.since,
            is_superuser=role is None,
        )
        user.created_at = self.since
        return Member(user, Profile(user=user, full_name=name), None)

    def _patients(self) -> Iterator[Person]:
        """Alternately of the first and of the second hospital."""
        names, phones = full_names(self._rng), cycle((austrian_phones(), american_phones()))
        for _ in range(PATIENTS):
            user = User(id=self.id(), phone=next(next(phones)), role=Role.PATIENT)
            user.created_at = self._at - dt.timedelta(minutes=self._rng.randint(60 * 24 * 40, 60 * 24 * 400))
            days = self._rng.triangular(YOUNGEST_YEARS * 365, OLDEST_YEARS * 365, 48 * 365)
            born = (self._at - dt.timedelta(days=days)).date()
            yield Person(user, Profile(user=user, full_name=next(names)), Patient(user=user, date_of_birth=born))


def availability(house: House) -> list[DoctorAvailability]:
    return [
        DoctorAvailability(doctor_id=doctor.id, day_of_week=window.day, start_time=window.start, end_time=window.end)
        for doctor in house.doctors
        for window in doctor.windows
    ]
