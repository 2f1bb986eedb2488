"""A patient's wish to be erased: asked for with a fresh code, withdrawn, decided by an operator, carried out."""

from __future__ import annotations

import datetime as dt
import uuid

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.codes.issue import Challenge, issue_code
from accounts.codes.limits import caller_of
from accounts.codes.verify import Guess, InvalidCode, take_code
from accounts.models import ErasureRequest, OneTimeCode, Patient, User
from accounts.own_data.registry import Step, Wait, holders
from accounts.permissions import Permission, require
from core.refusals import Conflict
from core.wake_ups import wake

log = structlog.get_logger(__name__)
State = ErasureRequest.State
Purpose = OneTimeCode.Purpose
# Rows of one transaction.
BATCH = 200


class NoPhone(Conflict):
    code = "no_phone"
    message = _("There is no phone number on file to send a code to.")


class NotAsked(Conflict):
    code = "not_asked"
    message = _("There is no request to be erased.")


class BeingErased(Conflict):
    code = "being_erased"
    message = _("This is being carried out, and cannot be taken back any more.")


class NotYet(Conflict):
    """`waits` says what has to come to its end first."""

    code = "not_yet"
    message = _("There are open visits, prescriptions or requests: erase when they are done.")

    def __init__(self, waits: list[Wait]) -> None:
        super().__init__()
        self.waits = waits


@transaction.atomic
def send_erasure_code(*, by: User, device_token: str | None, at: dt.datetime) -> Challenge:
    """Send a code to the person's own number, that serves nothing but asking to be erased.

    Raises: NoPhone, TooOften.
    """
    if not by.phone:
        raise NoPhone
    caller = caller_of(number=by.phone, device_token=device_token)
    return issue_code(caller, purpose=Purpose.ERASE, is_sent=True, asked_by=by, at=at)


def ask_erasure(
    *, by: User, challenge_id: uuid.UUID, code: str, device_token: str | None, at: dt.datetime
) -> ErasureRequest:
    """Ask to be erased. Asked already, it is the same request.

    Raises: InvalidCode, TooOften.
    """
    request = _ask(Guess(challenge_id, Purpose.ERASE, code, asked_by=by), by=by, device_token=device_token, at=at)
    if request is None:
        raise InvalidCode
    return request


@transaction.atomic
def _ask(guess: Guess, *, by: User, device_token: str | None, at: dt.datetime) -> ErasureRequest | None:
    """None, not an exception, for a wrong code: the try that was counted has to be committed."""
    counted = take_code(guess, caller_of(number=by.phone or "", device_token=device_token), at=at)
    if counted is None:
        return None
    for count in counted:
        count.take_back()
    patient = Patient.objects.select_for_update().get(pk=by.pk)
    is_open = ErasureRequest.objects.filter(patient=patient, state__in=[State.ASKED, State.APPROVED])
    request = is_open.first()
    if request is None:
        request = ErasureRequest.objects.create(id=uuid.uuid4(), patient=patient, state=State.ASKED, asked_at=at)
        Patient.objects.filter(pk=by.pk).update(erasure_requested_at=at)
        _record(request, AccessAction.ASKED_ERASURE, by=by)
    return request


@transaction.atomic
def withdraw_erasure(*, by: User, at: dt.datetime) -> ErasureRequest:
    """Raises: NotAsked, BeingErased."""
    Patient.objects.select_for_update().get(pk=by.pk)
    request = latest_request(by)
    if request is None or request.state == State.WITHDRAWN:
        raise NotAsked
    if request.state != State.ASKED:
        raise BeingErased
    request.state, request.withdrawn_at = State.WITHDRAWN, at
    request.save(update_fields=["state", "withdrawn_at"])
    Patient.objects.filter(pk=by.pk).update(erasure_requested_at=None)
    _record(request, AccessAction.WITHDREW_ERASURE, by=by)
    return request


def latest_request(user: User) -> ErasureRequest | None:
    return ErasureRequest.objects.filter(patient=user.pk).order_by("-asked_at", "-pk").first()


def waits_of(patient_id: uuid.UUID, *, at: dt.datetime) -> list[Wait]:
    """What has to come to its end before this patient can be erased."""
    return [wait for holder in holders() for wait in holder.waits(patient_id, at=at) if wait.count]


@transaction.atomic
def approve_erasure(*, by: User, request_id: uuid.UUID, at: dt.datetime) -> ErasureRequest:
    """Erase the person at once: name, number, devices. The worker does the rest. Done already: no change.

    Raises: NotPermitted, NotAsked, NotYet, ErasureRequest.DoesNotExist.
    """
    require(by, Permission.ERASE_PATIENTS)
    patient_id = ErasureRequest.objects.values_list("patient", flat=True).get(pk=request_id)
    user = User.objects.select_for_update(of=("self",)).get(pk=patient_id)
    Patient.objects.select_for_update().get(pk=patient_id)
    request = ErasureRequest.objects.get(pk=request_id)
    if request.state in (State.APPROVED, State.DONE):
        return request
    if request.state != State.ASKED:
        raise NotAsked
    if waits := waits_of(patient_id, at=at):
        raise NotYet(waits)
    for holder in reversed(holders()):
        request.report |= holder.erase_at_once(user, at=at)
    request.state, request.approved_at, request.approved_by = State.APPROVED, at, by
    request.save(update_fields=["state", "approved_at", "approved_by", "report"])
    _record(request, AccessAction.APPROVED_ERASURE, by=by)
    wake("carry_out_erasures")
    return request


def _record(request: ErasureRequest, action: AccessAction, *, by: User | None) -> None:
    record_access(
        by=by, action=action, patient_id=request.patient_id, object_kind="erasure_request", object_id=request.pk
    )


@transaction.atomic
def carry_out_next_erasure(*, at: dt.datetime) -> bool:
    """Do the next piece of an approved erasure, and count it. False where there is nothing to do.

    A worker that dies leaves what it committed; the next goes on behind it.
    """
    rows = ErasureRequest.objects.filter(state=State.APPROVED).select_for_update(skip_locked=True)
    request = rows.order_by("approved_at", "pk").first()
    if request is None:
        return False
    step = _next_step(request)
    if step is None:
        _finish(request, at)
        return True
    handled = step.run(request.patient_id, request.approved_at or at, BATCH)
    request.report[step.name] = request.report.get(step.name, 0) + handled
    if handled < BATCH:
        request.finished = [*request.finished, step.name]
    request.save(update_fields=["report", "finished"])
    return True


def _next_step(request: ErasureRequest) -> Step | None:
    steps = (step for holder in holders() for step in holder.steps)
    return next((step for step in steps if step.name not in request.finished), None)


def _finish(request: ErasureRequest, at: dt.datetime) -> None:
    request.state, request.done_at = State.DONE, at
    request.save(update_fields=["state", "done_at"])
    record_access(
        by=None,
        action=AccessAction.ERASED,
        patient_id=request.patient_id,
        object_kind="erasure_request",
        object_id=request.pk,
    )
    log.info("erasure.done", request=str(request.pk))
