"""Actions refuse whoever may not, also where the page before them forgot to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role, User
from accounts.staff_sign_in.second_factor import reset_second_factor
from accounts.staff_sign_in.tries import release_lockout
from clinical.patients.step_up import release_step_up
from core.refusals import NotPermitted
from hospitals.hours.actions import add_time_off, cancel_time_off, replace_weekly_hours, save_hospital
from hospitals.models import DoctorTimeOff
from hospitals.staff.actions import (
    add_staff_member,
    change_staff_email,
    deactivate_staff_member,
    mail_password_link,
    move_doctor,
    reactivate_staff_member,
    reset_staff_password,
    update_staff_member,
)
from hospitals.staff.csv_file import staff_table
from hospitals.staff.import_file import add_staff_members, keep_staff_import
from integrations.calcom.inbound.replay import replay_webhooks
from integrations.calcom.schedules.publisher import push_ours
from integrations.calcom.setup.connect_queue import GivenIds, ask_to_connect, ask_to_connect_all
from integrations.calcom.setup.link_check import ask_for_check
from integrations.models import CalLink, CalWebhook, VapiNumber
from integrations.vapi.numbers import save_number
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

pytestmark = pytest.mark.django_db
AT = timezone.now()
Act = Callable[[HospitalCast, HospitalCast, User], Any]


def _time_off(north: HospitalCast) -> DoctorTimeOff:
    off: DoctorTimeOff = DoctorTimeOff.objects.create(
        doctor=north.doctor, starts_at=AT, ends_at=AT + dt.timedelta(days=1), is_whole_days=False
    )
    return off


_WHEN: dict[str, Any] = {"starts_at": AT, "ends_at": AT + dt.timedelta(days=1), "is_whole_days": False}
_NEW: dict[str, Any] = {"role": Role.DOCTOR, "email": "new@example.org", "full_name": "New"}

# What changes one hospital's staff and hours.
OF_A_HOSPITAL: dict[str, Act] = {
    "hours": lambda north, _s, by: replace_weekly_hours(doctor=north.doctor, windows=[], by=by, at=AT),
    "time_off": lambda north, _s, by: add_time_off(doctor=north.doctor, **_WHEN, by=by, at=AT),
    "cancel_time_off": lambda north, _s, by: cancel_time_off(time_off=_time_off(north), by=by, at=AT),
    "add": lambda north, _s, by: add_staff_member(hospital=north.hospital, **_NEW, by=by, at=AT),
    "update": lambda north, _s, by: update_staff_member(member=north.doctor, full_name="X", detail="", by=by, at=AT),
    "deactivate": lambda north, _s, by: deactivate_staff_member(user=north.doctor.user, by=by, at=AT),
    "reactivate": lambda north, _s, by: reactivate_staff_member(user=north.doctor.user, by=by, at=AT),
    "password": lambda north, _s, by: reset_staff_password(user=north.doctor.user, by=by, at=AT),
    "email": lambda north, _s, by: change_staff_email(user=north.doctor.user, email="new@north.test", by=by, at=AT),
    "link": lambda north, _s, by: mail_password_link(user=north.doctor.user, by=by, at=AT),
    "second_factor": lambda north, _s, by: reset_second_factor(user=north.doctor.user, by=by, at=AT),
    "lockout": lambda north, _s, by: release_lockout(user=north.doctor.user, by=by, at=AT),
    "import": lambda north, _s, by: keep_staff_import(hospital=north.hospital, lines=[], by=by, at=AT),
    "add_many": lambda north, _s, by: add_staff_members(hospital=north.hospital, people=[], by=by, at=AT),
    "connect": lambda north, _s, by: ask_to_connect(doctor=north.doctor, by=by, at=AT),
    "connect_all": lambda north, _s, by: ask_to_connect_all(doctors=[north.doctor], by=by, at=AT),
    "push": lambda north, _s, by: push_ours(doctor=north.doctor, by=by, at=AT),
    "look": lambda north, _s, by: ask_for_check(CalLink.objects.create(doctor=north.doctor), by=by),
}
# What operators alone do.
OF_THE_PLATFORM: dict[str, Act] = {
    "hospital": lambda north, _s, by: save_hospital(hospital=north.hospital, by=by, at=AT),
    "move": lambda north, south, by: move_doctor(doctor=north.doctor, hospital=south.hospital, by=by, at=AT),
    "ids": lambda north, _s, by: ask_to_connect(doctor=north.doctor, given=GivenIds(1, 2, 3), by=by, at=AT),
    "number": lambda north, _s, by: save_number(
        number=VapiNumber(number="4312345678", hospital=north.hospital), by=by, at=AT
    ),
    "replay": lambda _n, _s, by: replay_webhooks(CalWebhook.objects.all(), by=by, at=AT),
}


def refused(act: Act, north: HospitalCast, south: HospitalCast, by: User) -> None:
    before = AccessEvent.objects.count()
    with pytest.raises(NotPermitted) as refusal:
        act(north, south, by)
    assert (refusal.value.code, AccessEvent.objects.count()) == ("not_permitted", before)


@pytest.mark.parametrize("name", [*OF_A_HOSPITAL, *OF_THE_PLATFORM])
def test_nobody_of_another_hospital_or_role(
    name: str, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    act = {**OF_A_HOSPITAL, **OF_THE_PLATFORM}[name]
    refused(act, north, south, south.admin)
    CalLink.objects.all().delete()
    refused(act, north, south, north.pharmacist.user)
    CalLink.objects.all().delete()
    refused(act, north, south, patient.user)


@pytest.mark.parametrize("name", OF_THE_PLATFORM)
def test_no_admin_does_what_operators_do(name: str, north: HospitalCast, south: HospitalCast) -> None:
    refused(OF_THE_PLATFORM[name], north, south, north.admin)


@pytest.mark.parametrize("name", ["push", "connect", "look", "password", "second_factor", "add"])
def test_an_admin_who_was_deactivated_does_nothing_more(name: str, north: HospitalCast, south: HospitalCast) -> None:
    north.admin.is_active = False
    refused(OF_A_HOSPITAL[name], north, south, north.admin)


def test_doctors_change_their_own_hours_and_no_colleagues(north: HospitalCast, south: HospitalCast) -> None:
    assert replace_weekly_hours(doctor=north.doctor, windows=[], by=north.doctor.user, at=AT) == ()
    refused(OF_A_HOSPITAL["hours"], north, south, south.doctor.user)


@pytest.mark.parametrize("act", [reset_second_factor, release_lockout, reset_staff_password, deactivate_staff_member])
def test_an_operator_is_managed_by_nobody_in_the_portal(act: Any, north: HospitalCast) -> None:
    one, other = (User.objects.create(email=f"{name}@example.org", is_superuser=True) for name in ("one", "other"))
    for by in (north.admin, one):
        with pytest.raises(NotPermitted):
            act(user=other, by=by, at=AT)


def test_only_doctors_of_the_patient_let_a_phone_in(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, AT)
    for by in (north.admin, north.pharmacist.user, patient.user, south.doctor.user):
        with pytest.raises(NotPermitted):
            release_step_up(by=by, patient_id=patient.pk, at=AT)
    assert not AccessEvent.objects.exists()
    release_step_up(by=north.doctor.user, patient_id=patient.pk, at=AT)
    assert AccessEvent.objects.get().action == "released_step_up"


def test_only_who_manages_staff_takes_its_table_away(north: HospitalCast, patient: Patient) -> None:
    for by in (north.doctor.user, north.pharmacist.user, patient.user):
        with pytest.raises(NotPermitted):
            staff_table(by=by, at=AT)
    assert not AccessEvent.objects.exists()
