"""An operator opens a hospital's records with a reason, for 30 minutes, on record."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.access_log.break_glass import (
    AlreadyOpen,
    NotOpen,
    ReasonTooShort,
    break_the_glass,
    end_break_glass,
)
from accounts.models import AccessEvent, BreakGlassGrant, Patient, User
from accounts.permissions import Permission, has_permission
from clinical.models import AiSession, Appointment, Prescription
from clinical.querysets import patients_for_user
from core.refusals import NotPermitted, Refused
from tests.admin.records import fill
from tests.cast import PASSWORD, HospitalCast

AT = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
REASON = "A pharmacist reports a prescription that vanished."
OPENED = (
    Permission.VIEW_APPOINTMENTS,
    Permission.VIEW_PRESCRIPTIONS,
    Permission.VIEW_AI_SESSIONS,
    Permission.OPEN_TRANSCRIPTS,
)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


@pytest.fixture
def _records(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    fill(north, patient)
    fill(south, patient)


def seen_hospitals(user: User) -> list[set[object]]:
    models = (Appointment, Prescription, AiSession)
    return [set(model.objects.for_user(user).values_list("hospital_id", flat=True)) for model in models]


@pytest.mark.usefixtures("_records")
def test_it_opens_one_hospitals_records_and_ends_by_itself(
    operator: User, north: HospitalCast, south: HospitalCast
) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        assert seen_hospitals(operator) == [set(), set(), set()]
        grant = break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=AT)
        assert (grant.started_at, grant.expires_at) == (AT, AT + dt.timedelta(minutes=30))
        assert seen_hospitals(operator) == [{north.hospital.pk}] * 3
        for permission in OPENED:
            assert has_permission(operator, permission)
            assert has_permission(operator, permission, hospital=north.hospital.pk)
            assert not has_permission(operator, permission, hospital=south.hospital.pk)
        clock.move_to(AT + dt.timedelta(minutes=30) - dt.timedelta(microseconds=1))
        assert seen_hospitals(operator) == [{north.hospital.pk}] * 3
        clock.move_to(AT + dt.timedelta(minutes=30))
        assert seen_hospitals(operator) == [set(), set(), set()]
        assert not any(has_permission(operator, permission) for permission in OPENED)


@pytest.mark.usefixtures("_records")
def test_it_ends_by_hand(operator: User, north: HospitalCast) -> None:
    now = timezone.now()
    grant = break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=now)
    end_break_glass(by=operator, grant_id=grant.pk, at=now)
    assert seen_hospitals(operator) == [set(), set(), set()]
    assert not has_permission(operator, Permission.VIEW_APPOINTMENTS)
    with pytest.raises(NotOpen):
        end_break_glass(by=operator, grant_id=grant.pk, at=now)
    assert list(AccessEvent.objects.order_by("id").values_list("action", "object_kind", "hospital_id", "reason")) == [
        ("broke_glass", "break_glass", north.hospital.pk, REASON),
        ("ended_break_glass", "break_glass", north.hospital.pk, ""),
    ]


def test_it_opens_to_look_at_and_nothing_more(operator: User, north: HospitalCast) -> None:
    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=timezone.now())
    held = {permission for permission in Permission if has_permission(operator, permission)}
    assert held == {
        *OPENED,
        Permission.MANAGE_HOSPITALS,
        Permission.MANAGE_STAFF,
        Permission.VIEW_INTEGRATIONS,
        Permission.MANAGE_INTEGRATIONS,
        Permission.BREAK_GLASS,
        Permission.VIEW_ACCESS_LOG,
        Permission.ERASE_PATIENTS,
    }
    for model in ("appointment", "prescription", "aisession"):
        assert operator.has_perm(f"clinical.view_{model}")
        assert not operator.has_perms([f"clinical.{action}_{model}" for action in ("add", "change", "delete")])
    assert patients_for_user(operator).count() == 0


@pytest.mark.usefixtures("_records")
def test_a_deactivated_operator_keeps_nothing_open(operator: User, north: HospitalCast) -> None:
    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=timezone.now())
    operator.is_active = False
    assert seen_hospitals(operator) == [set(), set(), set()]
    assert not has_permission(operator, Permission.VIEW_APPOINTMENTS)


@pytest.mark.usefixtures("_records")
def test_what_one_operator_opened_is_closed_to_another(operator: User, north: HospitalCast) -> None:
    other = User.objects.create_superuser("second@wardbook.test", PASSWORD)
    grant = break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=timezone.now())
    assert seen_hospitals(other) == [set(), set(), set()]
    with pytest.raises(BreakGlassGrant.DoesNotExist):
        end_break_glass(by=other, grant_id=grant.pk, at=timezone.now())
    assert seen_hospitals(operator) == [{north.hospital.pk}] * 3


@pytest.mark.parametrize("reason", ["", "too short", "          ", "a     b    c     d"])
def test_a_reason_is_needed(operator: User, north: HospitalCast, reason: str) -> None:
    refused(ReasonTooShort, operator, north, reason)


@pytest.mark.parametrize("who", ["admin", "doctor", "pharmacist", "patient", "deactivated", "with a role"])
def test_only_an_operator_can(operator: User, north: HospitalCast, patient: Patient, who: str) -> None:
    people = {"admin": north.admin, "doctor": north.doctor.user, "pharmacist": north.pharmacist.user}
    user = people.get(who, patient.user if who == "patient" else operator)
    if who == "deactivated":
        User.objects.filter(pk=operator.pk).update(is_active=False)
    if who == "with a role":
        User.objects.filter(pk=operator.pk).update(role="PATIENT")
    refused(NotPermitted, user, north, REASON)


def test_it_is_open_once_at_a_time_and_again_after(operator: User, north: HospitalCast) -> None:
    first = break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=AT)
    with pytest.raises(AlreadyOpen):
        break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=AT + dt.timedelta(minutes=29))
    later = AT + dt.timedelta(minutes=30)
    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=later)
    first.refresh_from_db()
    assert first.ended_at == first.expires_at == later
    assert BreakGlassGrant.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_tries_open_it_once() -> None:
    from tests.cast import make_hospital

    north = make_hospital("North", time_zone="Europe/Vienna")
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    barrier, outcomes = threading.Barrier(5), []

    def run() -> None:
        barrier.wait(20)
        try:
            break_the_glass(by=operator, hospital_id=north.hospital.pk, reason=REASON, at=AT)
            outcomes.append("opened")
        except AlreadyOpen as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == [*["already_open"] * 4, "opened"]


def refused(kind: type[Refused], user: User, cast: HospitalCast, reason: str) -> None:
    with pytest.raises(kind):
        break_the_glass(by=user, hospital_id=cast.hospital.pk, reason=reason, at=AT)
    assert (BreakGlassGrant.objects.count(), AccessEvent.objects.count()) == (0, 0)
