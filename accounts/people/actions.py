"""What people change of themselves: their profile; and where they signed in lately, which they may look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import AccessEvent, Patient, Profile, User
from core.refusals import Conflict, PersonErased

MOST_SHOWN = 5


class NameRequired(Conflict):
    code = "name_required"
    message = _("Give your name first: a picture alone cannot be kept.")


class ProfileChanges(TypedDict, total=False):
    """What the person changes; what is absent stays."""

    full_name: str
    profile_image_url: str | None
    date_of_birth: dt.date | None
    time_zone: str | None
    reminders: bool


@transaction.atomic
def update_own_profile(*, by: User, changes: ProfileChanges, at: dt.datetime) -> Patient:
    """Change a patient's own particulars.

    Raises: NameRequired, PersonErased.
    """
    patient: Patient = Patient.objects.select_for_update().get(user=by)
    if patient.erased_at is not None:
        raise PersonErased  # while this request was on its way
    _update_patient(patient, changes)
    _update_name_and_picture(by, changes)
    record_access(by=by, action=AccessAction.CHANGED_PROFILE, patient_id=by.pk)
    return patient


@transaction.atomic
def change_own_name(*, by: User, full_name: str, at: dt.datetime) -> None:
    """A member of staff's own name, as colleagues and patients read it. The same name again changes nothing."""
    user = User.objects.select_for_update().get(pk=by.pk)
    if Profile.objects.filter(user=user, full_name=full_name).exists():
        return
    Profile.objects.update_or_create(user=user, defaults={"full_name": full_name})
    record_access(
        by=by,
        action=AccessAction.CHANGED_PROFILE,
        object_kind="user",
        object_id=user.pk,
        hospital_id=user.hospital_id,
    )


def _update_patient(patient: Patient, changes: ProfileChanges) -> None:
    if "date_of_birth" in changes:
        patient.date_of_birth = changes["date_of_birth"]
    if "time_zone" in changes:
        patient.time_zone = changes["time_zone"]
    if "reminders" in changes:
        patient.reminders_enabled = changes["reminders"]
    patient.save(update_fields=["date_of_birth", "time_zone", "reminders_enabled"])


def _update_name_and_picture(user: User, changes: ProfileChanges) -> None:
    fields = {key: changes[key] for key in ("full_name", "profile_image_url") if key in changes}
    if not fields:
        return
    changed = Profile.objects.filter(user=user).update(**fields)
    if not changed and "full_name" not in fields:
        raise NameRequired
    if not changed:
        Profile.objects.create(user=user, **fields)


@dataclass(frozen=True, slots=True)
class SignIn:
    at: dt.datetime
    address: str


def recent_sign_ins(user: User) -> Sequence[SignIn]:
    """The newest first; the first is most likely the one that is going on."""
    own = AccessEvent.objects.filter(actor_id=user.pk, action=AccessAction.SIGNED_IN)
    rows = own.order_by("-at", "-pk").values_list("at", "address")[:MOST_SHOWN]
    return [SignIn(at, address or "") for at, address in rows]
