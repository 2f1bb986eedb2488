"""The standing check: whether the live Cal.com still is what we rely on. Run daily, and by `manage.py calcom_check`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.calcom.api.budget import Purpose
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRefused, CalcomUnavailable
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.setup.contract_probes import PROBES, Difference, NothingThere, Probe
from integrations.calcom.setup.subscription import PROBLEM_TEXTS
from integrations.models import ContractCheck

log = structlog.get_logger(__name__)

EVERY_DAY = dt.timedelta(days=1)
EVERY_HOUR = dt.timedelta(hours=1)
# The daily sweep has then not run, whatever the last check said.
STALE_AFTER = dt.timedelta(days=2)

SUBJECTS: dict[str, Promise] = {
    "key": gettext_lazy("Our key"),
    "users": gettext_lazy("Users"),
    "schedules": gettext_lazy("Schedules"),
    "version": gettext_lazy("API version"),
    "bookings": gettext_lazy("Bookings"),
    "event_types": gettext_lazy("Our event types"),
    "subscription": gettext_lazy("Our subscription"),
    "slots": gettext_lazy("Free times"),
}
_TEXTS: dict[str, Promise] = {
    "other_organisation": gettext_lazy("the key belongs to organisation %(detail)s, not to ours"),
    "no_list": gettext_lazy("the answer has another shape: this version of the API may be gone"),
    "field_missing": gettext_lazy("the field %(detail)s is missing"),
    "field_unreadable": gettext_lazy("the field %(detail)s cannot be read"),
    "unknown_status": gettext_lazy("there is a status that we do not know: %(detail)s"),
    "event_type_gone": gettext_lazy("event type %(detail)s is gone"),
    "event_type_settings": gettext_lazy("not as we set it: event type %(detail)s"),
    "more": gettext_lazy("and %(detail)s more"),
    "slots_by_zone": gettext_lazy("other times are offered when asked in another zone (%(detail)s)"),
    "slots_in_another_zone": gettext_lazy("the times are not in the zone that was asked for (%(detail)s)"),
    "no_answer": gettext_lazy("no answer that can be read (%(detail)s)"),
    "refused": gettext_lazy("Cal.com refuses the question (%(detail)s)"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`differences` is None where there was nothing to look at."""

    subject: str
    differences: tuple[Difference, ...] | None

    @property
    def name(self) -> str:
        return str(SUBJECTS.get(self.subject, self.subject))

    @property
    def text(self) -> str:
        """What differs, "ok", or that nothing was there to be looked at."""
        if self.differences is None:
            return _("not checked: there is nothing to look at yet")
        return "; ".join(_text(*one) for one in self.differences) or _("ok")


def check_contract_if_due(*, at: dt.datetime) -> ContractCheck | None:
    """Once a day; every hour while something differs or Cal.com could not be asked."""
    last = ContractCheck.objects.filter(checked_at__lte=at).order_by("-pk").first()
    pause = EVERY_HOUR if last is not None and (last.error or differences_of(last)) else EVERY_DAY
    return None if last is not None and at - last.checked_at < pause else check_contract(at=at)


def check_contract(*, at: dt.datetime, purpose: Purpose = "background") -> ContractCheck:
    """Look, and keep what was found for the portal and the alarms. Some ten calls, and one for each of a few teams."""
    client = calcom_client(purpose=purpose)
    found = ContractCheck(checked_at=at)
    try:
        for subject, probe in PROBES.items():
            found.findings.append([subject, _looked(probe, client, is_first=not found.findings)])
    except CalcomError as error:
        # Half a look is none: its age must not hide that the rest was not seen.
        found.findings, found.error = [], error.code
    finally:
        client.close()
    found.save()
    log.info("calcom.contract_checked", differing=[one.subject for one in differences_of(found)], error=found.error)
    return found


def findings_of(check: ContractCheck) -> Iterator[Finding]:
    for subject, differences in check.findings:
        yield Finding(subject, None if differences is None else tuple((code, text) for code, text in differences))


def differences_of(check: ContractCheck) -> list[Finding]:
    return [one for one in findings_of(check) if one.differences]


def _looked(probe: Probe, client: CalcomClient, *, is_first: bool) -> list[Difference] | None:
    """Raises: CalcomError where our key is no good, no calls are left, or Cal.com did not answer the first question."""
    found: list[Difference] = []
    try:
        found.extend(probe(client))
    except NothingThere:
        return found or None
    except CalcomRefused as refusal:
        if refusal.is_credential_problem:
            raise
        found.append(("refused", f"{refusal.operation}, {refusal.status}"))
    except CalcomUnavailable as error:
        if is_first:
            raise
        found.append(("no_answer", error.operation))
    return found


def _text(code: str, detail: str) -> str:
    if code == "subscription":
        return str(PROBLEM_TEXTS.get(detail, detail))
    return str(_TEXTS[code]) % {"detail": detail} if code in _TEXTS else code
