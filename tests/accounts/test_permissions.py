"""One source of who may do what: roles as code. Django's tables and the superuser's flag open nothing beside it."""

from __future__ import annotations

import itertools

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission

from accounts.models import Patient, Role, User
from accounts.permissions import Permission, has_permission, permissions_of
from tests.cast import PASSWORD, HospitalCast, make_staff

P = Permission
# What each holds at their own hospital.
HELD = {
    "patient": {P.USE_PATIENT_APP},
    "doctor": {P.TREAT_PATIENTS, P.OPEN_TRANSCRIPTS},
    "pharmacist": {P.DISPENSE},
    "admin": {
        P.MANAGE_STAFF,
        P.MANAGE_HOURS,
        P.MANAGE_EMERGENCIES,
        P.VIEW_APPOINTMENTS,
        P.VIEW_PRESCRIPTIONS,
        P.VIEW_AI_SESSIONS,
        P.VIEW_INTEGRATIONS,
        P.VIEW_ACCESS_LOG,
    },
    "operator": {
        P.MANAGE_HOSPITALS,
        P.MANAGE_STAFF,
        P.VIEW_INTEGRATIONS,
        P.MANAGE_INTEGRATIONS,
        P.BREAK_GLASS,
        P.VIEW_ACCESS_LOG,
        P.ERASE_PATIENTS,
    },
}
CLINICAL = {P.VIEW_APPOINTMENTS, P.VIEW_PRESCRIPTIONS, P.VIEW_AI_SESSIONS, P.OPEN_TRANSCRIPTS, P.TREAT_PATIENTS}
# The admin pages each may open, by Django's names.
ADMIN_PAGES = {
    "patient": set(),
    "doctor": set(),
    "pharmacist": set(),
    "admin": {
        "accounts.view_accessevent",
        *(f"hospitals.{a}_{m}" for a in ("view", "add", "change") for m in ("doctor", "pharmacist", "hospitaladmin")),
        *(f"clinical.view_{m}" for m in ("appointment", "prescription", "aisession")),
        *(f"integrations.view_{m}" for m in ("callink", "bookingrequest")),
    },
    "operator": {
        "accounts.view_accessevent",
        *(
            f"hospitals.{action}_{model}"
            for action in ("view", "add", "change")
            for model in ("hospital", "doctor", "pharmacist", "hospitaladmin")
        ),
        *(
            f"integrations.view_{m}"
            for m in ("callink", "bookingrequest", "calwebhook", "syncrun", "syncdrift", "bookinglookup", "vapievent")
        ),
        *(f"integrations.{action}_vapinumber" for action in ("view", "add", "change")),
    },
}


@pytest.fixture
def people(north: HospitalCast, patient: Patient) -> dict[str, User]:
    return {
        "patient": patient.user,
        "doctor": north.doctor.user,
        "pharmacist": north.pharmacist.user,
        "admin": north.admin,
        "operator": User.objects.create_superuser("operator@wardbook.test", PASSWORD),
    }


def every_django_permission() -> set[str]:
    actions = ("view", "add", "change", "delete")
    return {
        f"{model._meta.app_label}.{action}_{model._meta.model_name}"
        for action, model in itertools.product(actions, apps.get_models())
    }


@pytest.mark.parametrize("who", HELD)
def test_what_each_holds_and_where(people: dict[str, User], north: HospitalCast, south: HospitalCast, who: str) -> None:
    user = people[who]
    assert {p for p in Permission if has_permission(user, p)} == HELD[who] == permissions_of(user)
    at_home = HELD[who] if who != "patient" else set()
    assert {p for p in Permission if has_permission(user, p, hospital=north.hospital.pk)} == at_home
    elsewhere = HELD[who] if who == "operator" else set()
    assert {p for p in Permission if has_permission(user, p, hospital=south.hospital.pk)} == elsewhere


@pytest.mark.parametrize("who", HELD)
def test_django_asks_the_same_source(people: dict[str, User], who: str) -> None:
    user = people[who]
    assert {perm for perm in every_django_permission() if user.has_perm(perm)} == ADMIN_PAGES[who]
    apps_open = {perm.partition(".")[0] for perm in ADMIN_PAGES[who]}
    assert {app.label for app in apps.get_app_configs() if user.has_module_perms(app.label)} == apps_open
    assert user.has_perms(sorted(ADMIN_PAGES[who]))
    assert not user.has_perms([*sorted(ADMIN_PAGES[who]), "clinical.delete_appointment"])


@pytest.mark.parametrize("who", HELD)
def test_a_deactivated_person_holds_nothing(people: dict[str, User], who: str) -> None:
    user = people[who]
    user.is_active = False
    assert not any(has_permission(user, permission) for permission in Permission)
    assert not any(user.has_perm(perm) for perm in every_django_permission())
    assert not any(user.has_module_perms(app.label) for app in apps.get_app_configs())


def test_an_operator_holds_nothing_clinical_by_being_superuser(people: dict[str, User]) -> None:
    operator = people["operator"]
    assert operator.is_superuser
    assert permissions_of(operator) & CLINICAL == set()
    assert not any(operator.has_perm(perm) for perm in every_django_permission() if perm.startswith("clinical."))
    assert not operator.has_module_perms("clinical")
    assert not operator.has_perm("whatever")


def test_a_superuser_with_a_role_holds_the_roles_permissions_alone(north: HospitalCast) -> None:
    both = make_staff(north.hospital, Role.DOCTOR, "both@north.test", "Bea Both")
    both.is_superuser = True
    both.save()
    assert permissions_of(both) == HELD["doctor"]
    assert not any(both.has_perm(perm) for perm in every_django_permission())
    assert not both.is_staff


def test_what_djangos_tables_hold_opens_nothing(people: dict[str, User]) -> None:
    group = Group.objects.create(name="everything")
    group.permissions.set(DjangoPermission.objects.all())
    assert group.permissions.filter(codename="delete_appointment").exists()
    # A user has neither groups nor permissions of its own to put them in.
    assert {field.name for field in User._meta.many_to_many} == set()
    for who, user in people.items():
        assert {perm for perm in every_django_permission() if user.has_perm(perm)} == ADMIN_PAGES[who]


def test_each_permission_is_somebodys() -> None:
    assert set().union(*HELD.values()) == set(Permission)
