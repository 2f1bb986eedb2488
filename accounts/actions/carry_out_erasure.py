from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.data_held import Step, holders
from accounts.models import ErasureRequest

# Rows of one transaction.
BATCH = 200

State = ErasureRequest.State
log = structlog.get_logger(__name__)


@transaction.atomic
def run_erasure_step(*, at: dt.datetime) -> bool:
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
