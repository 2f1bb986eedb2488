from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.access_log.record import AccessAction
from accounts.permissions import Permission, has_permission
from clinical.admin.recorded_admin import RecordedAdmin, record_opening
from clinical.models import AiSession
from hospitals.admin.base import NONE, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter

SOURCE_TEXTS: dict[str, Any] = {
    AiSession.Source.APP.value: gettext_lazy("in the app"),
    AiSession.Source.PHONE_CALL.value: gettext_lazy("phone call"),
}


class SourceFilter(KnownChoiceFilter):
    title = gettext_lazy("source")
    parameter_name = "source"
    field = "source"
    texts = SOURCE_TEXTS


class StartFilter(DayRangeFilter):
    field = "start_time"


class ClaimFilter(KnownChoiceFilter):
    title = gettext_lazy("booking")
    parameter_name = "booking"
    texts: ClassVar = {"missing": gettext_lazy("said, but not there")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.unconfirmed_claims()  # type: ignore[attr-defined,no-any-return]


@admin.register(AiSession)
class AiSessionAdmin(RecordedAdmin):
    """That a talk took place, not with whom nor what was said: neither text is even read from the database.

    Behind broken glass an operator may open a transcript on a page of its own: one by one, each on record.
    """

    opened_action = AccessAction.OPENED_AI_SESSION
    actions_template = "admin/clinical/aisession/transcript_button.html"
    list_title = gettext_lazy("AI sessions")
    list_display = ("started", "source_text", "has_summary", "claim")
    list_filter = (StartFilter, SourceFilter, ClaimFilter)
    list_before_template = "admin/time_zone_note.html"
    ordering = ("-start_time", "-pk")
    started = moment("start_time", gettext_lazy("started"))
    ended = moment("ended_at", gettext_lazy("ended"))
    fields = ("started", "ended", "source_text", "has_summary", "claim")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        written = Q(summary__isnull=False) & ~Q(summary="")
        rows: Any = super().get_queryset(request)
        rows = rows.with_claims().only("pk", "source", "start_time", "ended_at", "hospital_id", "patient_id")
        return rows.annotate(is_summed_up=Case(When(written, then=Value(True)), default=Value(False)))  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.transcript_view)
        return [path("<uuid:pk>/transcript/", view, name="clinical_aisession_transcript"), *super().get_urls()]

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        if isinstance(answer, TemplateResponse):
            may_read = has_permission(acting_user(request), Permission.OPEN_TRANSCRIPTS)
            (answer.context_data or {})["can_open_transcript"] = may_read
        return answer

    def transcript_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        # POST, since it is put on record, and no link or prefetch should do that.
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = acting_user(request)
        if not has_permission(user, Permission.OPEN_TRANSCRIPTS):
            raise PermissionDenied
        session = AiSession.objects.for_reading(user).filter(pk=pk).first()
        if session is None:
            return self.not_found(request, str(pk))
        record_opening(user, AccessAction.OPENED_TRANSCRIPT, session, kind="ai_session")
        context = {
            **self.admin_site.each_context(request),
            "session": session,
            "title": _("Transcript"),
            "opts": self.opts,
            "back": self.address("change", pk),
        }
        return TemplateResponse(request, "admin/clinical/aisession/transcript.html", context)

    def name_of(self, obj: Any) -> str:
        when = date_format(localtime(obj.start_time), "j M Y, H:i")
        return _("AI session of %(when)s, %(source)s") % {"when": when, "source": SOURCE_TEXTS[obj.source]}

    @display(description=gettext_lazy("source"))
    def source_text(self, session: AiSession) -> Any:
        return SOURCE_TEXTS[session.source]

    @display(description=gettext_lazy("summary"))
    def has_summary(self, session: Any) -> str:
        """Whether there is one: what it says is the patient's and the doctor's."""
        return _("written") if session.is_summed_up else _("none")

    @display(description=gettext_lazy("booking"))
    def claim(self, session: Any) -> str:
        """Whether the patient was told of a visit that is not there: somebody should ask what they wished for."""
        return _("said, but not there") if session.is_claim_unconfirmed else NONE
