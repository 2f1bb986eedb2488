"""What the assistant may look up while it talks: doctors, free times, hours. Nothing of any patient.

A caller's number says who may be calling and proves nobody, so no tool is even told it. A tool that acts for a
patient must first prove who speaks (a code sent to the number on file and spoken back): it says so by
`Answer.is_verified`, which reaches the call's record, takes the use's id for its own idempotency key, and stands in
`TOOLS` like these.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import AliasChoices, BeforeValidator, Field

from clinical.ports import booking_provider
from core.db.name_search import beginning_with, name_words
from core.times import in_zone, known_zone
from hospitals.models import Doctor, DoctorAvailability, Hospital
from integrations.vapi.api.responses import Loose, Name

MOST_DOCTORS = 5
DOCTORS_ASKED = 3
TIMES_EACH = 3
LOOKED_AHEAD = dt.timedelta(days=7)
FURTHEST_AHEAD = dt.timedelta(days=180)
# What asking Cal.com for one doctor's free times may take; with less left, nobody else is asked.
ONE_DOCTOR_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """`hospital_id` is that of the number called; `deadline` is the monotonic clock's."""

    hospital_id: uuid.UUID | None
    at: dt.datetime
    deadline: float

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_verified` where the tool has proven who speaks."""

    text: str
    is_verified: bool = False


def _day(value: object) -> object:
    """No day is fine, a wrong one is not: the assistant must hear of it."""
    return value.strip()[:10] or None if isinstance(value, str) else value


class WhoToSee(Loose):
    specialty: Name = Field(default=None, validation_alias=AliasChoices("specialty", "speciality"))
    doctor: Name = Field(default=None, validation_alias=AliasChoices("doctor", "doctor_name", "doctorName", "name"))
    hospital: Name = Field(
        default=None, validation_alias=AliasChoices("hospital", "hospital_name", "hospitalName", "location")
    )


class When(WhoToSee):
    date: Annotated[dt.date | None, BeforeValidator(_day)] = None


class Where(Loose):
    hospital: Name = Field(default=None, validation_alias=AliasChoices("hospital", "hospital_name", "hospitalName"))


@dataclass(frozen=True, slots=True)
class Tool:
    """`hint` is said when the arguments cannot be understood."""

    arguments: type[Loose]
    run: Callable[[Any, Asked], Answer]
    hint: Callable[[], str]


def find_doctors(given: WhoToSee, asked: Asked) -> Answer:
    doctors = list(_doctors(given, asked)[: MOST_DOCTORS + 1])
    if not doctors:
        return Answer(_("No doctor was found. Ask for another name or specialty."))
    bookable = booking_provider().bookable([doctor.pk for doctor in doctors])
    shown = [_introduced(doctor, is_bookable=doctor.pk in bookable) for doctor in doctors[:MOST_DOCTORS]]
    more = " " + _("There are more; ask for a name or specialty.") if len(doctors) > MOST_DOCTORS else ""
    found = ngettext("%(count)d doctor: %(doctors)s.", "%(count)d doctors: %(doctors)s.", len(shown))
    return Answer(found % {"count": len(shown), "doctors": "; ".join(shown)} + more)


def find_slots(given: When, asked: Asked) -> Answer:
    doctors = list(_doctors(given, asked)[: MOST_DOCTORS + 1])
    if not doctors:
        return Answer(_("No doctor was found. Ask for another name or specialty."))
    bookable = booking_provider().bookable([doctor.pk for doctor in doctors])
    asked_for = [doctor for doctor in doctors if doctor.pk in bookable][:DOCTORS_ASKED]
    if not asked_for:
        return Answer(_("These doctors cannot be booked at the moment. The hospital helps on its own number."))
    if given.date and (hint := _odd_day(given.date, asked_for, asked)):
        return Answer(hint)
    times, is_late = _times_of(asked_for, given.date, asked)
    if not times and is_late:
        return Answer(_("The free times cannot be looked up right now. The caller sees them in the app."))
    if not times:
        return Answer(_("There is no free time in the week asked for. Ask for a later date or another doctor."))
    return Answer("; ".join(times) + ". " + _("Nothing is booked yet: the caller books in the app."))


def _odd_day(day: dt.date, doctors: Sequence[Doctor], asked: Asked) -> str | None:
    """What to say of a day that is over at each of the doctors' hospitals, or further ahead than is looked."""
    today = min(in_zone(asked.at, doctor.hospital.time_zone).date() for doctor in doctors)
    last = today + FURTHEST_AHEAD
    if day < today:
        said = _("%(day)s is over: today is %(today)s. Ask for a day from today on.")
    elif day > last:
        said = _("%(day)s is too far ahead: times can be looked up until %(last)s. Ask for an earlier day.")
    else:
        return None
    return said % {"day": _spoken(day), "today": _spoken(today), "last": _spoken(last)}


def _spoken(day: dt.date) -> str:
    return date_format(day, "j F Y")


def hospital_hours(given: Where, asked: Asked) -> Answer:
    hospitals = list(_hospitals(given.hospital, asked)[:2])
    if not hospitals:
        return Answer(_("No hospital of this name was found. Ask for its name again."))
    if len(hospitals) > 1:
        return Answer(_("Several hospitals fit. Ask which one: %(names)s.") % {"names": _names(hospitals)})
    hospital = hospitals[0]
    parts = [", ".join(part for part in (hospital.name, hospital.address) if part), _hours(hospital)]
    if hospital.emergency_text:
        parts.append(_("In an emergency: %(text)s") % {"text": hospital.emergency_text})
    return Answer(". ".join(part.rstrip(". ") for part in parts) + ".")


TOOLS: Mapping[str, Tool] = {
    "find_doctors": Tool(
        WhoToSee, find_doctors, lambda: _("Say whom to look for: a specialty, a doctor's name, or nothing for all.")
    ),
    "find_slots": Tool(
        When, find_slots, lambda: _("The date must be written as year-month-day, such as 2026-11-21. Ask again.")
    ),
    "hospital_hours": Tool(Where, hospital_hours, lambda: _("Say the name of the hospital, or nothing.")),
}


def _doctors(given: WhoToSee, asked: Asked) -> QuerySet[Doctor]:
    """Those whom every patient finds, of the hospital that was called unless another is named."""
    doctors = Doctor.objects.filter(user__is_active=True, hospital__is_active=True).with_names()
    hospitals = _hospitals(given.hospital, asked)
    fitting = Q(hospital__in=hospitals)
    for word in (given.doctor or "").replace(".", " ").split():
        # As people say it: "Doctor Ada North".
        if word.lower() not in {"dr", "doctor", "prof", "professor"}:
            fitting &= _begins("name_words", word)
    if given.specialty:
        fitting &= _of_specialty(given.specialty)
    words = {"name_words": name_words("user__profile__full_name"), "specialty_words": name_words("specialty")}
    named: QuerySet[Doctor] = doctors.alias(**words).filter(fitting)
    return named.order_by("user__profile__full_name", "pk")


def _of_specialty(said: str) -> Q:
    """By how the words begin: who asks for a cardiologist wants cardiology."""
    stems = [word[: max(4, len(word) - 4)] for word in said.split()]
    fitting = Q()
    for stem in stems:
        fitting &= _begins("specialty_words", stem)
    return fitting


def _begins(words: str, said: str) -> Q:
    sought = beginning_with(said)
    return Q(**{words: sought}) if sought else Q(pk__in=[])


def _hospitals(name: str | None, asked: Asked) -> QuerySet[Hospital]:
    hospitals = Hospital.objects.filter(is_active=True).order_by("name", "pk")
    if name:
        named: QuerySet[Hospital] = hospitals.alias(words=name_words("name")).filter(_begins("words", name))
        # A name misheard: on a hospital's own line, that hospital is meant.
        if asked.hospital_id is None or named.exists():
            return named
    return hospitals.filter(pk=asked.hospital_id) if asked.hospital_id else hospitals


def _names(hospitals: Sequence[Hospital]) -> str:
    return ", ".join(hospital.name for hospital in hospitals)


def _introduced(doctor: Doctor, *, is_bookable: bool) -> str:
    named = f"{doctor.full_name} ({doctor.specialty})" if doctor.specialty else doctor.full_name
    where = _("%(doctor)s at %(hospital)s") % {"doctor": named, "hospital": doctor.hospital.name}
    return where if is_bookable else where + ", " + _("not bookable at the moment")


def _times_of(doctors: Sequence[Doctor], day: dt.date | None, asked: Asked) -> tuple[list[str], bool]:
    """What each has, and whether there was no time left to look at all of them."""
    times: list[str] = []
    for doctor in doctors:
        if asked.seconds_left < ONE_DOCTOR_SECONDS:
            return times, True
        if text := _times(doctor, day, asked):
            times.append(text)
    return times, False


def _times(doctor: Doctor, day: dt.date | None, asked: Asked) -> str | None:
    zone = known_zone(doctor.hospital.time_zone)
    if zone is None:
        return None
    start = max(asked.at, dt.datetime.combine(day, dt.time(), zone)) if day else asked.at
    if start > asked.at + FURTHEST_AHEAD:
        return None
    found = booking_provider().slots(doctor, start=start, end=start + LOOKED_AHEAD, time_zone=zone.key)
    if not found.slots:
        return None
    shown = ", ".join(date_format(slot.start, "l j F H:i") for slot in found.slots[:TIMES_EACH])
    return _("%(doctor)s: %(times)s") % {"doctor": doctor.full_name, "times": shown}


def _hours(hospital: Hospital) -> str:
    """When any doctor there sees patients, by day of the week."""
    windows = DoctorAvailability.objects.filter(doctor__hospital=hospital, doctor__user__is_active=True).values_list(
        "day_of_week", "start_time", "end_time"
    )
    days = [f"{name} {_span(spans)}" for name, spans in _by_day(windows)]
    return (
        _("Doctors see patients: %(days)s") % {"days": "; ".join(days)} if days else _("The hours are not known here")
    )


def _by_day(windows: Iterable[tuple[int, dt.time, dt.time]]) -> list[tuple[str, list[tuple[dt.time, dt.time]]]]:
    rows = sorted(windows)
    # The first of January 2024 was a Monday.
    return [
        (date_format(dt.date(2024, 1, day), "l"), [(start, end) for number, start, end in rows if number == day])
        for day in sorted({number for number, _start, _end in rows})
    ]


def _span(spans: Sequence[tuple[dt.time, dt.time]]) -> str:
    """The windows of all doctors as one doctor's: what touches is joined."""
    joined: list[tuple[dt.time, dt.time]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return ", ".join(
        _("%(start)s to %(end)s") % {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"} for start, end in joined
    )
