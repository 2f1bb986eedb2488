from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from clinical.models import AiSession
from hospitals.admin.base import ReadOnlyAdmin
from hospitals.admin.columns import moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter

SOURCE_TEXTS: dict[str, Any] = {
    AiSession.Source.APP.value: gettext_lazy("in the app"),
    AiSession.Source.PHONE_CALL.value: gettext_lazy("phone call"),
}


class SourceFilter(KnownChoiceFilter):
    title = gettext_lazy("source")
    parameter_name = "source"
    field = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return list(SOURCE_TEXTS.items())


class StartFilter(DayRangeFilter):
    field = "start_time"


@admin.register(AiSession)
class AiSessionAdmin(ReadOnlyAdmin):
    """That a talk took place, not with whom nor what was said: neither text is even read from the database."""

    list_title = gettext_lazy("AI sessions")
    list_display = ("started", "source_text", "has_summary")
    list_filter = (StartFilter, SourceFilter)
    list_before_template = "admin/time_zone_note.html"
    ordering = ("-start_time", "-pk")
    started = moment("start_time", gettext_lazy("started"))
    ended = moment("ended_at", gettext_lazy("ended"))
    fields = ("started", "ended", "source_text", "has_summary")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        written = Q(summary__isnull=False) & ~Q(summary="")
        rows = super().get_queryset(request).only("pk", "source", "start_time", "ended_at", "hospital_id")
        return rows.annotate(is_summed_up=Case(When(written, then=Value(True)), default=Value(False)))  # type: ignore[no-any-return]

    def name_of(self, obj: Any) -> str:
        return str(SOURCE_TEXTS[obj.source])

    @display(description=gettext_lazy("source"))
    def source_text(self, session: AiSession) -> Any:
        return SOURCE_TEXTS[session.source]

    @display(description=gettext_lazy("summary"), boolean=True)
    def has_summary(self, session: Any) -> bool:
        return bool(session.is_summed_up)
