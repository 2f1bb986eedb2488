"""What the table of who may do what is tried on: the two hospitals, one row of everything, everybody signed in.

Made once; each try happens in a savepoint that is taken back.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.access_log.break_glass import break_the_glass
from accounts.messages.local_senders import MemorySms
from accounts.models import DeviceToken, Patient, Role, User
from clinical.models import Prescription
from hospitals.models import Doctor, DoctorTimeOff
from tests.admin import records
from tests.cast import PASSWORD, HospitalCast, make_hospital, make_patient, make_staff
from tests.clinical.records import make_prescription, make_visit
from tests.hospitals.staff.staff_files import make_import
from tests.permissions.table import Role as Who
from tests.permissions.table import Row


@dataclass(frozen=True, slots=True)
class World:
    cookies: dict[Who, dict[str, str]]
    tokens: dict[Who, str]
    # What stands for `<uuid:visit_id>` and the like; admin pages by the model's name.
    ids: dict[str, object]
    at_first: tuple[object, ...]
    # One for all: each new client reads the list of static files, which takes longer than most answers.
    client: Client

    def address(self, row: Row) -> str:
        path = re.sub(r"\(\?P<url>\.\*\)\$", "no-such-page", row.route)
        path = re.sub(r"\^\(\?P<app_label>[^)]*\)/\$", "hospitals/", path)
        return "/" + re.sub(r"<\w+:(\w+)>", lambda match: str(self._id(row, match[1])), path)

    def _id(self, row: Row, name: str) -> object:
        if name in row.uses:
            return self.ids[row.uses[name]]
        model = re.match(r"admin/\w+/(\w+)/", row.route)
        return self.ids[model[1] if model and name in ("pk", "object_id") else name]

    def ask(self, who: Who, row: Row) -> HttpResponse:
        client = self.client
        client.cookies = SimpleCookie(self.cookies.get(who, {}))
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        body = {name: self._filled(value) for name, value in row.body.items()}
        as_json: dict[str, Any] = {"content_type": "application/json"} if row.is_api or row.is_webhook else {}
        send = getattr(client, row.method.lower())
        if row.method in ("GET", "DELETE"):
            return send(self.address(row), headers=headers)  # type: ignore[no-any-return]
        if row.is_api:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        return send(self.address(row), body, headers=headers, **as_json)  # type: ignore[no-any-return]

    def _filled(self, value: object) -> object:
        return str(self.ids[value[1:]]) if isinstance(value, str) and value.startswith("$") else value


def make_world() -> World:
    now = timezone.now()
    north = make_hospital("North", time_zone="Europe/Vienna")
    south = make_hospital("South", time_zone="America/New_York")
    patient = make_patient("436601234567", "Paula Patient")
    other = make_patient("436607654321", "Otto Other")
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    colleague = make_staff(north.hospital, Role.DOCTOR, "colleague@north.test", "Cora North")
    Doctor.objects.create(user=colleague, hospital=north.hospital)
    people = {
        Who.DOCTOR: north.doctor.user,
        Who.COLLEAGUE: colleague,
        Who.PHARMACIST: north.pharmacist.user,
        Who.ADMIN: north.admin,
        Who.DOCTOR_SOUTH: south.doctor.user,
        Who.PHARMACIST_SOUTH: south.pharmacist.user,
        Who.ADMIN_SOUTH: south.admin,
        Who.OPERATOR: operator,
    }
    # A patient's session in the dashboards, should somebody make one, opens nothing.
    sessions = people | {who: one.user for who, one in _patients(patient, other).items()}
    devices = {who: DeviceToken.objects.create(user=one.user) for who, one in _patients(patient, other).items()}
    devices[Who.NEW_DEVICE] = DeviceToken.objects.create(user=patient.user, needs_step_up=True)
    ids = _records(north, patient, now)
    ids["device_id"] = devices[Who.PATIENT][0].public_id
    # Somebody else has the other hospital open, which opens nothing to the operator of the table.
    second = User.objects.create_superuser("second@wardbook.test", PASSWORD)
    ids["grant"] = break_the_glass(
        by=second, hospital_id=north.hospital.pk, reason="Looking for a lost visit.", at=now
    ).pk
    return World(
        cookies={who: _cookies_of(user) for who, user in sessions.items()},
        tokens={who: token for who, (_, token) in devices.items()},
        ids=ids,
        at_first=everything(),
        client=Client(),
    )


def _patients(patient: Patient, other: Patient) -> dict[Who, Patient]:
    return {Who.PATIENT: patient, Who.OTHER_PATIENT: other}


def _cookies_of(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def _records(north: HospitalCast, patient: Patient, now: dt.datetime) -> dict[str, object]:
    ids = records.fill(north, patient)
    begun = now - dt.timedelta(minutes=10)
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=now, ends_at=now + dt.timedelta(days=1))
    stranger = make_patient("436609999999", "Stella Stranger")
    return ids | {
        "accessevent": records.read(north, patient).pk,
        "now": now.isoformat(),
        "tomorrow": (now + dt.timedelta(days=1)).isoformat(),
        "date": now.date(),
        "visit_id": make_visit(patient, north.doctor, begun).pk,
        "phone_visit": make_visit(stranger, north.doctor, begun, patient_match="phone").pk,
        "guest_visit": make_visit(None, north.doctor, now + dt.timedelta(days=3)).pk,
        "appointment_id": make_visit(patient, north.doctor, now + dt.timedelta(days=2)).pk,
        "patient_id": patient.pk,
        "stranger": stranger.pk,
        "session_id": ids["aisession"],
        "doctor_id": north.doctor.pk,
        "code": "slot_taken",
        "hospital_id": north.hospital.pk,
        "pk": north.hospital.pk,
        "request_id": ids["bookingrequest"],
        "time_off_pk": off.pk,
        "staffimport": make_import(north.hospital).pk,
        "content_type_id": ContentType.objects.get_for_model(Prescription).pk,
        "prescription_id": ids["prescription"],
        "own": make_prescription(patient, north.doctor).pk,
        **_at_the_pharmacy(north, patient, now),
    }


def _at_the_pharmacy(north: HospitalCast, patient: Patient, now: dt.datetime) -> dict[str, object]:
    """A prescription in each state, in the pharmacist's hands."""
    held = {"pharmacist": north.pharmacist, "claimed_at": now}
    claimed, approved, dispensed = (make_prescription(patient, north.doctor) for _ in range(3))
    for row in (claimed, approved, dispensed):
        Prescription.objects.filter(pk=row.pk).update(**held)
    for row in (approved, dispensed):
        Prescription.objects.filter(pk=row.pk).update(status="APPROVED", decided_at=now)
    Prescription.objects.filter(pk=dispensed.pk).update(status="COMPLETED", completed_at=now)
    return {"claimed": claimed.pk, "approved": approved.pk, "dispensed": dispensed.pk}


# A session's own row notes when its person was last active, whatever they were answered.
_UNWATCHED = {"django_session"}


def everything() -> tuple[object, ...]:
    """A count and a checksum of every table, and what was sent."""
    tables = [name for name in connection.introspection.table_names() if name not in _UNWATCHED]
    one = "SELECT '{0}', count(*), coalesce(sum(hashtextextended(x::text, 0)), 0) FROM \"{0}\" x"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(one.format(name) for name in tables))
        # Sorted here: PostgreSQL may read the tables in parallel, and answers as they finish.
        return tuple(sorted(cursor.fetchall())), len(MemorySms.sent), len(mail.outbox)
