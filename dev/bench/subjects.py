"""`python -m dev.bench.subjects`: who asks in a database, with what credentials, and what must be answered.

A process of its own for each database: Django knows one at a time.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Subjects:
    """`unresolved` has, by row, why its address cannot be measured."""

    token: str
    patient_id: str
    appointment_id: str
    visits: int
    doctor_cookie: str
    doctor_date: str
    doctor_patients: list[str]
    pharmacist_cookie: str
    waiting_patient: str
    admin_cookie: str
    webhook_secret: str
    unresolved: dict[str, str]


def find() -> Subjects:
    from django.conf import settings

    from accounts.models import Patient, User
    from clinical.models import Appointment, Prescription
    from dev.bench.dataset import DAYS_BACK

    patient = Patient.objects.get(user__phone="436600000000")
    own = Appointment.objects.filter(patient=patient).order_by("-start_ts", "-id")
    newest = own.first()
    assert newest is not None
    doctor = User.objects.get(email="doctor0@bench.example")
    pharmacist = User.objects.get(email="pharmacist0@bench.example")
    date = _first_day(doctor) + dt.timedelta(days=DAYS_BACK)
    day = Appointment.objects.filter(doctor_id=doctor.pk, start_ts__date=date).select_related("patient__user__profile")
    assert pharmacist.hospital_id
    oldest = (
        Prescription.objects.filter(hospital_id=pharmacist.hospital_id, status="PENDING")
        .select_related("patient__user__profile")
        .earliest("created_at")
    )
    return Subjects(
        token=_token(patient.user),
        patient_id=str(patient.pk),
        appointment_id=str(newest.pk),
        visits=own.count(),
        doctor_cookie=_session(doctor),
        doctor_date=date.isoformat(),
        doctor_patients=[visit.patient.user.profile.full_name for visit in day if visit.patient],
        pharmacist_cookie=_session(pharmacist),
        waiting_patient=oldest.patient.user.profile.full_name,
        admin_cookie=_session(User.objects.get(email="admin0@bench.example")),
        webhook_secret=settings.CALCOM_WEBHOOK_SECRET[0],
        unresolved=_unresolved(str(newest.pk), date.isoformat()),
    )


def _first_day(doctor: Any) -> dt.date:
    from clinical.models import Appointment

    first: dt.datetime = Appointment.objects.filter(doctor_id=doctor.pk).earliest("start_ts").start_ts
    return first.date()


def _token(user: Any) -> str:
    from accounts.models import DeviceToken

    DeviceToken.objects.filter(user=user).delete()
    _, token = DeviceToken.objects.create(user=user)
    return str(token)


def _session(user: Any) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from accounts.staff_sign_in.sessions import ACTIVE, STARTED

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[STARTED] = session[ACTIVE] = timezone.now().isoformat()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _unresolved(appointment_id: str, date: str) -> dict[str, str]:
    from django.urls import Resolver404, resolve

    from dev.bench.rows import OURS

    reasons = {}
    for row in OURS:
        path = row.path.format(appointment_id=appointment_id, doctor_date=date).partition("?")[0]
        try:
            resolve(path)
        except Resolver404:
            reasons[row.name] = f"{path} is no address of ours yet"
        except Exception as problem:  # the addresses of a tree at work may not even import
            reasons[row.name] = f"the addresses cannot be read: {type(problem).__name__}: {problem}"
    return reasons


def main() -> None:
    import django

    django.setup()
    json.dump(asdict(find()), sys.stdout)


if __name__ == "__main__":
    main()
