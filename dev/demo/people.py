"""Who is in the demo: hospitals, their staff and their patients, as unsaved rows with their ids."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from zoneinfo import ZoneInfo

from accounts.models import Patient, Profile, Role, User
from hospitals.models import DoctorAvailability, Hospital, StaffMember
from hospitals.staff.actions import role_row

WORKDAYS = (1, 2, 3, 4, 5)
MIDNIGHT_AS_END = dt.time(23, 59)
FULL_DAY = ("08:00-12:00", "13:00-17:00")
MORNING = ("08:00-12:00",)
LATE_DAY = ("09:00-12:30", "13:30-18:00")
# The doctor whose sign-in is shown first has something to do whenever a visitor looks.
OPEN_HOUSE = ("07:00-12:00", "12:30-17:00", "17:30-22:00")
NIGHT = ("00:00-06:00", "18:00-23:59")
_FIRST = (
    "Agnes Alaric Amity Anselm Araminta Balthazar Barnaby Bellamy Briony Caraway Clementine Clover Cosmo Dorothea"
    " Drusilla Eglantine Elowen Evander Fable Fenella Fergus Figaro Gideon Ginevra Hester Horatio Ignatius Indigo"
    " Jasper Jemima Larkin Lavender Linus Lorcan Mabel Merryn Mungo Nettie Octavia Orlando Peregrine Petunia"
    " Philippa Quentin Rosalind Rufus Sorrel Tabitha Tansy Thessaly Tobias Ulysses Verity Wilhelmina Winifred"
    " Zebedee"
)
_LAST = (
    "Applewhistle Bellweather Bramblewick Buttercombe Candlewick Cloudsley Cobblepot Copperkettle Dandelion"
    " Dimblewood Dovetail Elderflower Featherby Fernsby Fiddlewood Foxglove Gingerfield Goosefeather Greenbottle"
    " Hazelnutt Hollowell Honeydew Inkwell Ivybridge Jollyfoot Kettlewell Larkspur Lilypond Littlewhistle"
    " Marmalade Merriweather Mistletoe Moonbeam Mossgrove Nightingale Nutkin Pebblesworth Pennyfeather"
    " Periwinkle Picklethorn Pumpernickel Puddlefoot Quillfeather Rainwater Rosebottom Silverthimble Snapdragon"
    " Snickerby Sparrowhawke Starling Sugarplum Thistledown Tumbledown Underhill Whistledown Wigglesworth"
    " Willowby Wintergreen Woolsey Yarrowby"
)
FIRST_NAMES, LAST_NAMES = _FIRST.split(), _LAST.split()
# The American plan keeps 555-0100 to 555-0199 of every area code for fiction.
US_AREA_CODES = ("202", "212", "646", "917")
# Austria keeps no numbers for that: this block of 0660 looks real to a validator. No SMS leaves a demo.
AUSTRIAN_BLOCK = "4366000001"
EMAIL_DOMAIN = "demo.wardbook.example"
PATIENTS = 200
# These are known in both hospitals: of the other one, a doctor sees the current medications only.
TRAVELLERS = 6
YOUNGEST_YEARS, OLDEST_YEARS = 2, 91
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


@dataclass(frozen=True, slots=True)
class Window:
    """Wall-clock time of a weekday, 1 being Monday; an end of 23:59 means midnight."""

    day: int
    start: dt.time
    end: dt.time


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a doctor works on which weekdays, and what on the weekday of the demo's own day."""

    usual: dict[int, tuple[str, ...]]
    today: tuple[str, ...] = FULL_DAY

    def windows(self, today: int) -> list[Window]:
        days = {today: self.usual.get(today, self.today)} | self.usual
        if self.today in (OPEN_HOUSE, NIGHT):
            days[today] = self.today
        return [_window(day, text) for day in sorted(days) for text in days[day]]


PATTERNS = {
    "open house": Pattern(dict.fromkeys(WORKDAYS, FULL_DAY), today=OPEN_HOUSE),
    "nights": Pattern({2: NIGHT, 5: NIGHT, 6: NIGHT, 7: NIGHT}, today=NIGHT),
    "mornings": Pattern(dict.fromkeys(WORKDAYS, MORNING) | {3: FULL_DAY}),
    "four days": Pattern(dict.fromkeys((1, 2, 4), FULL_DAY) | {5: MORNING}),
    "late": Pattern(dict.fromkeys((1, 3, 4, 5), LATE_DAY), today=LATE_DAY),
    "part time": Pattern({1: LATE_DAY, 2: MORNING, 4: LATE_DAY}),
}


def visits_of_day(
    windows: list[Window], day: dt.date, *, zone: ZoneInfo, length: dt.timedelta
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Start and end in UTC of every visit that fits, in order; none overlap, also where clocks change."""
    for window in windows:
        if window.day != day.isoweekday():
            continue
        start = dt.datetime.combine(day, window.start, zone).astimezone(dt.UTC)
        end = dt.datetime.combine(day, window.end, zone).astimezone(dt.UTC)
        if window.end == MIDNIGHT_AS_END:
            end += dt.timedelta(minutes=1)
        while start + length <= end:
            yield start, start + length
            start += length


def _window(day: int, text: str) -> Window:
    start, _, end = text.partition("-")
    return Window(day, dt.time.fromisoformat(start), dt.time.fromisoformat(end))


def full_names(rng: random.Random) -> Iterator[str]:
    """Every pair of first and last name once, in the order of the seed."""
    pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(pairs)
    return iter(pairs)


def austrian_phones() -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"{AUSTRIAN_BLOCK}{number:03}" for number in range(1000))


def american_phones() -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"1{area}55501{number:02}" for area in US_AREA_CODES for number in range(100))


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff; a doctor also has weekly hours."""

    user: User
    profile: Profile
    post: StaffMember | None
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
        return self._at_work(member, hospital, specialty, PATTERNS[pattern].windows(today))

    def _pharmacist(self, hospital: Hospital, name: str) -> Member:
        member = self._member(name, hospital, Role.PHARMACIST)
        shop = f"{hospital.name.partition(' (')[0]} pharmacy"
        return self._at_work(member, hospital, shop)

    def _admin(self, hospital: Hospital, name: str) -> Member:
        return self._at_work(self._member(name, hospital, Role.HOSPITAL_ADMIN), hospital)

    def _at_work(
        self, member: Member, hospital: Hospital, detail: str | None = None, windows: Sequence[Window] = ()
    ) -> Member:
        return replace(member, post=role_row(member.user, hospital, detail), windows=list(windows))

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
