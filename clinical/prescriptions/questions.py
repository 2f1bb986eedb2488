"""What the pharmacist asks the prescriber about a prescription, and the answer."""

from __future__ import annotations

import datetime as dt
import uuid

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.access_log.record import AccessAction
from accounts.models import User
from clinical.models import Prescription, PrescriptionMessage
from clinical.prescriptions.states import OPEN, locked_claimed, locked_own, record_change
from clinical.refusals import WrongState


@transaction.atomic
def ask_prescriber(*, prescription_id: uuid.UUID, by: User, text: str, at: dt.datetime) -> PrescriptionMessage:
    """A question of the pharmacist who has claimed the prescription.

    Raises: NotFound, NotPermitted, NotClaimed, NotTheirs, WrongState.
    """
    prescription = locked_claimed(prescription_id, by)
    return _write(prescription, by, text, AccessAction.ASKED_PRESCRIBER, at)


@transaction.atomic
def answer_pharmacist(*, prescription_id: uuid.UUID, by: User, text: str, at: dt.datetime) -> PrescriptionMessage:
    """An answer of the prescriber. Raises: NotFound, NotPermitted, NotTheirs, WrongState."""
    prescription = locked_own(prescription_id, by)
    return _write(prescription, by, text, AccessAction.ANSWERED_PHARMACIST, at)


def _write(
    prescription: Prescription, by: User, text: str, action: AccessAction, at: dt.datetime
) -> PrescriptionMessage:
    if prescription.status not in OPEN:
        raise WrongState
    message = PrescriptionMessage.objects.create(prescription=prescription, author=by, body=text.strip(), created_at=at)
    record_change(by, action, prescription)
    return message


class MessageForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Message"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    use_required_attribute = False
