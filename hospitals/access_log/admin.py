from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.access_log.break_glass import grant_text, open_grants
from accounts.access_log.record import AccessAction, record_access, record_list
from accounts.access_log.sentences import ROLES, SURFACES, sentence
from accounts.models import AccessEvent, BreakGlassGrant
from core.spreadsheets import csv_download
from hospitals.access_log.filters import (
    HOSPITAL,
    AtFilter,
    KindFilter,
    LogHospitalFilter,
    PatientFilter,
    StaffFilter,
    chosen_hospital,
)
from hospitals.access_log.reading import broken_glass, name_lines
from hospitals.admin.base import NONE, ReadOnlyAdmin, acting_user, moment

# One answer holds them all; more days are more exports.
MOST_EXPORTED = 20_000


class NamedLines(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        lines: list[AccessEvent] = list(self.result_list)  # type: ignore[has-type]  # set by the base, untyped
        self.result_list = lines
        name_lines(lines, reader=acting_user(request))


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """Who opened or changed which record. Rows are only ever added, so there is nothing to do here but read."""

    list_title = lazy("Access log")
    list_display = ("when", "what", "role", "place")
    list_filter = (LogHospitalFilter, AtFilter, KindFilter, StaffFilter, PatientFilter)
    list_before_template = "admin/accounts/access_log_top.html"
    ordering = ("-at", "-pk")
    when = moment("at", lazy("when"))
    fields = ("when", "what", "role", "place", "address_text", "record", "note")

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedLines

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            name_lines([event], reader=acting_user(request))
        return event

    def name_of(self, obj: Any) -> str:
        return sentence(obj, obj.named)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        user, hospital_id = acting_user(request), chosen_hospital(request)
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        glass = broken_glass(user, hospital_id=hospital_id, at=timezone.now()) if hospital_id else []
        query = {"kind": "glass", **({HOSPITAL: str(hospital_id)} if user.is_operator and hospital_id else {})}
        context = {"broken_glass": glass, "glass_query": urlencode(query), **(extra_context or {})}
        answer = super().changelist_view(request, context)
        if isinstance(answer, TemplateResponse):
            self._put_reading_on_record(request)
            self._put_names_on_record(request, (answer.context_data or {})["cl"].result_list)
        return answer

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if object_id and request.method != "POST" and self.has_view_permission(request):
            event = self.get_object(request, unquote(object_id))
            self._put_names_on_record(request, [event] if event else [])
        return super().changeform_view(request, object_id, *args, **kwargs)

    def _put_names_on_record(self, request: HttpRequest, events: Iterable[AccessEvent]) -> None:
        """Whose names an operator reads behind broken glass, as in every list of patients."""
        user = acting_user(request)
        opened: dict[uuid.UUID | None, BreakGlassGrant] = {one.hospital_id: one for one in open_grants(user)}
        named = [event for event in events if event.patient_id and event.hospital_id in opened]
        if named:
            reason = " ".join(dict.fromkeys(grant_text(opened[event.hospital_id].pk) for event in named))
            action = AccessAction.LISTED_UNDER_BREAK_GLASS
            record_list(by=user, action=action, records=named, object_kind="access_log", reason=reason)

    def _put_reading_on_record(self, request: HttpRequest) -> None:
        """A list of times and names is not; looking for one person's record is, and a stranger's look at a hospital."""
        user, hospital_id = acting_user(request), chosen_hospital(request)
        is_search = bool(request.GET.get(PatientFilter.parameter_name, "").strip())
        if is_search or (user.is_operator and hospital_id):
            reason = "looked for a patient" if is_search else ""
            record_access(
                by=user,
                action=AccessAction.READ_ACCESS_LOG,
                object_kind="access_log",
                hospital_id=hospital_id,
                reason=reason,
            )

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The list as it is narrowed, as a table. On record."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            return self.not_found(request, "export")
        try:
            rows = list(self.get_changelist_instance(request).queryset[: MOST_EXPORTED + 1])
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.address("changelist"))
        if len(rows) > MOST_EXPORTED:
            text = _("These are more than %(most)d lines. Choose fewer days.") % {"most": MOST_EXPORTED}
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(f"{self.address('changelist')}?{request.GET.urlencode()}")
        name_lines(rows, reader=acting_user(request))
        record_access(
            by=acting_user(request),
            action=AccessAction.EXPORTED,
            object_kind="access_log",
            hospital_id=chosen_hospital(request),
            reason=f"{len(rows)} lines",
        )
        self._put_names_on_record(request, rows)
        zone = timezone.get_current_timezone_name()
        header = [_("When (%(zone)s)") % {"zone": zone}, _("Who"), _("Role"), _("What happened"), _("Patient")]
        header += [_("Where"), _("Network address"), _("Record"), _("Note")]
        return csv_download("access-log.csv", header, (self._cells(row) for row in rows))

    def _cells(self, event: Any) -> list[object]:
        at = date_format(timezone.localtime(event.at), "Y-m-d H:i:s")
        what = [at, event.named.actor, self.role(event), self.what(event), event.named.patient]
        return [*what, self.place(event), event.address or "", *_without_dash(self.record(event), self.note(event))]

    @display(description=lazy("what happened"))
    def what(self, event: Any) -> str:
        return sentence(event, event.named)

    @display(description=lazy("role"))
    def role(self, event: AccessEvent) -> str:
        return str(ROLES.get(event.actor_role, event.actor_role))

    @display(description=lazy("where"))
    def place(self, event: AccessEvent) -> str:
        return str(SURFACES.get(event.surface, event.surface))

    @display(description=lazy("network address"))
    def address_text(self, event: AccessEvent) -> str:
        return event.address or NONE

    @display(description=lazy("record"))
    def record(self, event: AccessEvent) -> str:
        return f"{event.object_kind} {event.object_id}".strip().replace("_", " ", 1) or NONE

    @display(description=lazy("note"))
    def note(self, event: AccessEvent) -> str:
        """What was said about it; a reference to broken glass is said in words."""
        if "break_glass:" in event.reason:
            return _("after breaking the glass")
        return event.reason.replace("_", " ") or NONE


def _without_dash(*cells: str) -> list[str]:
    """In a table an empty cell is empty."""
    return ["" if cell == NONE else cell for cell in cells]
