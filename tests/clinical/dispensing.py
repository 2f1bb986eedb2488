"""A prescription on its way, for the tests of what moves it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import AccessEvent
from clinical.models import Prescription
from clinical.prescriptions.actions import DispensedLine
from core.refusals import Refused

LINES = [DispensedLine(quantity=30, batch="B-1")]


def actions_on_record() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("action", flat=True))


def assert_refused(wanted: type[Refused], prescription: Prescription, call: Callable[[], object]) -> None:
    before = Prescription.objects.values().get(pk=prescription.pk)
    events = actions_on_record()
    with pytest.raises(wanted):
        call()
    assert Prescription.objects.values().get(pk=prescription.pk) == before
    assert actions_on_record() == events
