"""What the lists and pages of patients' records do when an operator opened them by breaking the glass: each read is
on record, with the grant it happened under. Everybody else's reads are recorded as the page itself says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access_log.break_glass import grant_text, open_grants, opened_hospitals
from accounts.access_log.record import AccessAction, record_access, record_list
from accounts.models import User
from clinical.dashboard.pages import is_poll_of_shown_page, proof_of_page
from clinical.patients.find import MOST, find_people, read_typed
from hospitals.admin.base import ReadOnlyAdmin, acting_user

MAX_TYPED = 100


class RecordedAdmin(ReadOnlyAdmin):
    opened_action: AccessAction
    # Whether opening one is on record whoever does it (invariant 9 of `docs/architecture.md`).
    is_opening_recorded_for_all = False
    # Whether the page of one renews itself.
    is_live = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        answer = super().changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse):
            self.record_listing(request, (answer.context_data or {})["cl"].result_list)
        return answer

    def record_listing(self, request: HttpRequest, records: Iterable[Any]) -> None:
        """That an operator was shown these in a list; other people's lists are not on record."""
        user = acting_user(request)
        if user.is_operator:
            record_list(
                by=user,
                action=AccessAction.LISTED_UNDER_BREAK_GLASS,
                records=records,
                object_kind=self.opts.model_name,
                reason=" ".join(grant_text(grant.pk) for grant in open_grants(user)),
            )

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        self._record_opening(request, object_id)
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        if self.is_live and isinstance(answer, TemplateResponse) and answer.context_data is not None:
            answer.context_data["live_proof"] = proof_of_page(request, request.get_full_path())
        return answer

    def _record_opening(self, request: HttpRequest, object_id: str | None) -> None:
        user = acting_user(request)
        is_recorded = user.is_operator or self.is_opening_recorded_for_all
        # A POST shows nothing: these pages change nothing, and refuse it.
        if not (object_id and is_recorded and request.method != "POST" and self.has_view_permission(request)):
            return
        if self.is_live and is_poll_of_shown_page(request):
            return
        # As the page itself reads it: an id that is spelled otherwise must not open a page off the record.
        row = self.get_object(request, unquote(object_id))
        if row is not None:
            record_opening(user, self.opened_action, row, kind=self.opts.model_name)


def record_opening(user: User, action: AccessAction, row: Any, *, kind: str) -> None:
    grant = opened_hospitals(user).get(row.hospital_id) if user.is_operator else None
    record_access(
        by=user,
        action=action,
        patient_id=row.patient_id,
        object_kind=kind,
        object_id=row.pk,
        hospital_id=row.hospital_id,
        reason=grant_text(grant.pk) if grant else "",
    )


def find_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    user = acting_user(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    text = request.GET.get("q", "")[:MAX_TYPED]
    typed = read_typed(text)
    context = {
        "text": text,
        "typed": typed,
        "found": find_people(typed, by=user, at=timezone.now()) if typed.says_enough else None,
        "most": MOST,
        "title": _("Find a person"),
    }
    return TemplateResponse(request, "admin/clinical/find.html", {**site.each_context(request), **context})
