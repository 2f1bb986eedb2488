"""Who is in the demo: hospitals, their staff and their patients, as unsaved rows with their ids."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from accounts.models import Patient, Profile, Role, User
from dev.demo.hours import Window, windows_of
from dev.demo.names import NEW_YORK, VIENNA, Community, Sex, full_names
from hospitals.models import DoctorAvailability, Hospital, StaffMember
from hospitals.staff.actions import role_row

# The American plan keeps 555-0100 to 555-0199 of every area code for fiction. Guests have codes of their own.
US_AREA_CODES = ("212", "332", "646", "718", "917", "929", "347", "516", "914", "631", "845", "201", "551", "973")
US_GUEST_AREA_CODES = ("518", "585", "607", "315", "716")
# Austria keeps no numbers for fiction. 0652 lies in the range for mobiles (section 61 of the regulation KEM-V), and the
# list of carriers of `phonenumbers` names no holder of it: possible by form, and nobody's. No SMS leaves a demo.
AUSTRIAN_BLOCK, AUSTRIAN_GUEST_BLOCK = "43652555", "43652556"
EMAIL_DOMAIN = "demo.wardbook.example"
PATIENTS = 2000
# These are known in both hospitals: of the other one, a doctor sees the current medications only.
TRAVELLERS = 12
# Years of age, from and until, and how many in a hundred patients are so old.
AGES = ((1, 17, 22), (18, 39, 24), (40, 64, 29), (65, 92, 25))
# The patient whose number is shown.
STAR_YEARS = 58


@dataclass(frozen=True, slots=True)
class Staffing:
    """Name, specialty and hours of each doctor: the first is the one whose sign-in is shown."""

    doctors: tuple[tuple[str, str, str], ...]
    pharmacists: tuple[str, ...]
    admins: tuple[str, ...]
    star: str
    city: tuple[Community, ...]


LINDENHAIN = Staffing(
    doctors=(
        ("Judith Hofstätter", "General medicine", "all week"),
        ("Goran Petrović", "Emergency medicine", "nights"),
        ("Ayşe Öztürk", "Cardiology", "four days"),
        ("Leonhard Größing", "Paediatrics", "mornings"),
        ("Huỳnh Minh Châu", "Dermatology", "late"),
        ("Anna-Lena Kühnel", "Orthopaedics", "part time"),
    ),
    pharmacists=("Zsófia Szabó", "Matthias Weiß"),
    admins=("Brigitte Schönbauer", "Emre Yıldırım"),
    star="Katharina Müller-Wallner",
    city=VIENNA,
)
PORT_MERIDIAN = Staffing(
    doctors=(
        ("Maureen O'Sullivan", "Family medicine", "all week"),
        ("Darnell Washington", "Urgent care", "nights"),
        ("María José Núñez", "Gynaecology", "late"),
        ("Jian Guo Chen", "Neurology", "mornings"),
        ("Anjali D'Souza", "Endocrinology", "four days"),
        ("Omar El-Sayed", "Psychiatry", "part time"),
    ),
    pharmacists=("Kaitlyn Fitzgerald", "Rajesh Patel"),
    admins=("Deborah Rosenthal", "Vincent D'Angelo"),
    star="Patricia O'Connor-Russo",
    city=NEW_YORK,
)
# As German writes them without marks; what is a letter of its own in another language.
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "đ": "d", "'": ""})
OPERATOR = "Ivana Novotny"
# Left the hospital: signs in no more.
LEFT = "Rüdiger Zöchling"


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff; a doctor also has weekly hours and a specialty."""

    user: User
    profile: Profile
    post: StaffMember | None
    windows: list[Window] = field(default_factory=list)
    specialty: str = ""

    @property
    def id(self) -> uuid.UUID:
        return self.user.pk


# Written out, each visit would name everybody of its house.
@dataclass(frozen=True, slots=True, repr=False)
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
    """A patient. `age` is in years on the demo's day."""

    user: User
    profile: Profile
    patient: Patient
    sex: Sex
    age: int

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


def austrian_phones(block: str = AUSTRIAN_BLOCK) -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"{block}{number:04}" for number in range(10_000))


def american_phones(area_codes: Sequence[str] = US_AREA_CODES) -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"1{area}55501{number:02}" for number in range(100) for area in area_codes)


def _hospitals() -> tuple[Hospital, Hospital]:
    vienna = Hospital(
        name="Lindenhain Hospital (demo)",
        address="Musterstraße 1, 1000 Wien",
        time_zone="Europe/Vienna",
        visit_length_minutes=30,
        booking_notice_minutes=60,
        emergency_text="Call 144 now, or come to the emergency department.",
    )
    new_york = Hospital(
        name="Port Meridian Clinic (demo)",
        address="555 Example Avenue, New York, NY 10000",
        time_zone="America/New_York",
        visit_length_minutes=20,
        booking_notice_minutes=60,
        emergency_text="Call 911 now.",
    )
    return vienna, new_york


class People:
    """Makes everyone, the same for the same moment. `password` is a hash, shared by all of the staff."""

    def __init__(self, *, at: dt.datetime, password: str) -> None:
        self._rng = random.Random("wardbook demo people")
        self._at = at
        self._password = password
        self.since = at - dt.timedelta(days=420)
        self.operator = self._member(OPERATOR, None, None)
        vienna, new_york = _hospitals()
        self.houses = [self._house(vienna, LINDENHAIN), self._house(new_york, PORT_MERIDIAN)]
        left = self._at_work(self._member(f"Dr. {LEFT}", vienna, Role.DOCTOR), vienna, "Cardiology")
        left.user.is_active = False
        self.left = [left]
        taken = {member.profile.full_name.removeprefix("Dr. ") for house in self.houses for member in house.staff}
        for house, staffing, phones in zip(
            self.houses, (LINDENHAIN, PORT_MERIDIAN), (austrian_phones(), american_phones()), strict=True
        ):
            house.patients.extend(self._patients(staffing, phones, taken))
        self.patients = [person for house in self.houses for person in house.patients]
        first, second = (list(house.patients[1 : 1 + TRAVELLERS // 2]) for house in self.houses)
        self.houses[0].patients.extend(second)
        self.houses[1].patients.extend(first)

    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)

    def _house(self, hospital: Hospital, staffing: Staffing) -> House:
        hospital.pk, hospital.created_at = self.id(), self.since
        return House(
            hospital,
            doctors=[self._doctor(hospital, staffing, *doctor) for doctor in staffing.doctors],
            pharmacists=[self._pharmacist(hospital, name) for name in staffing.pharmacists],
            admins=[self._at_work(self._member(name, hospital, Role.HOSPITAL_ADMIN), hospital)
                    for name in staffing.admins],
        )  # fmt: skip

    def _doctor(self, hospital: Hospital, staffing: Staffing, name: str, specialty: str, pattern: str) -> Member:
        assert hospital.time_zone
        today = self._at.astimezone(ZoneInfo(hospital.time_zone)).isoweekday()
        windows = windows_of(pattern, today=today, is_shown=name == staffing.doctors[0][0])
        return self._at_work(self._member(f"Dr. {name}", hospital, Role.DOCTOR), hospital, specialty, windows)

    def _pharmacist(self, hospital: Hospital, name: str) -> Member:
        member = self._member(name, hospital, Role.PHARMACIST)
        return self._at_work(member, hospital, f"{hospital.name.partition(' (')[0]} pharmacy")

    def _at_work(
        self, member: Member, hospital: Hospital, detail: str | None = None, windows: Sequence[Window] = ()
    ) -> Member:
        post = role_row(member.user, hospital, detail)
        return replace(member, post=post, windows=list(windows), specialty=detail or "")

    def _member(self, name: str, hospital: Hospital | None, role: Role | None) -> Member:
        user = User(
            id=self.id(),
            email=f"{local_part(name)}@{EMAIL_DOMAIN}",
            role=role,
            hospital=hospital,
            password=self._password,
            password_changed_at=self.since,
            is_superuser=role is None,
            is_active=True,
            login_attempts=0,
        )
        user.created_at = self.since
        return Member(user, Profile(user=user, full_name=name), None)

    def _patients(self, staffing: Staffing, phones: Iterator[str], taken: set[str]) -> Iterator[Person]:
        """The one whose number is shown first."""
        yield self._patient(staffing.star, "f", STAR_YEARS, next(phones))
        names = full_names(staffing.city, self._rng, taken=taken)
        weights = [share for _, _, share in AGES]
        for _ in range(PATIENTS // 2 - 1):
            youngest, oldest, _share = self._rng.choices(AGES, weights)[0]
            yield self._patient(*next(names), self._rng.randint(youngest, oldest), next(phones))

    def _patient(self, name: str, sex: Sex, age: int, phone: str) -> Person:
        user = User(id=self.id(), phone=phone, role=Role.PATIENT, is_active=True, login_attempts=0)
        user.created_at = self._at - dt.timedelta(minutes=self._rng.randint(60 * 24 * 75, 60 * 24 * 400))
        born = self._at.date() - dt.timedelta(days=int((age + self._rng.uniform(0.02, 0.98)) * 365.25))
        patient = Patient(user=user, date_of_birth=born, reminders_enabled=True)
        return Person(user, Profile(user=user, full_name=name), patient, sex, age)


def local_part(name: str) -> str:
    """What an email address makes of a name: letters without marks, points between the words."""
    plain = name.removeprefix("Dr. ").lower().translate(_SPELLED_OUT)
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(mark for mark in decomposed if mark.isascii()).replace(" ", ".")


def availability(house: House) -> list[DoctorAvailability]:
    return [
        DoctorAvailability(doctor_id=doctor.id, day_of_week=window.day, start_time=window.start, end_time=window.end)
        for doctor in house.doctors
        for window in doctor.windows
    ]
