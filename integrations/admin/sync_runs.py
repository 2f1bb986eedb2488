from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from hospitals.admin.base import Badge, ReadOnlyAdmin, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter
from integrations.models import SyncRun

KIND_TEXTS: dict[str, Any] = {
    SyncRun.Kind.UPDATED.value: gettext_lazy("what changed lately"),
    SyncRun.Kind.WINDOW.value: gettext_lazy("visits of a period"),
}

REPAIR_TEXTS: dict[str, Any] = {
    "missing_visit": gettext_lazy("missing visits"),
    "changed_status": gettext_lazy("other status"),
    "changed_times": gettext_lazy("other time"),
    "changed_doctor": gettext_lazy("other doctor"),
    "changed_patient": gettext_lazy("other patient"),
    "no_show": gettext_lazy("came or did not come"),
    "unknown_doctor": gettext_lazy("doctor not known here"),
}


class KindFilter(KnownChoiceFilter):
    title = gettext_lazy("what was asked for")
    parameter_name = "kind"
    field = "kind"
    texts = KIND_TEXTS


class StartedFilter(DayRangeFilter):
    field = "started_at"
    looks_ahead = False


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """For operators: a pull is the whole platform's."""

    is_for_operators = True
    list_title = gettext_lazy("Pulls from Cal.com")
    list_display = ("started", "kind_text", "state", "seen", "repaired_count", "absent_there")
    list_filter = (KindFilter, StartedFilter)
    ordering = ("-pk",)
    from_time = moment("window_start", gettext_lazy("from"))
    to_time = moment("window_end", gettext_lazy("to"))
    started = moment("started_at", gettext_lazy("started"))
    finished = moment("finished_at", gettext_lazy("finished"))
    reached = moment("reached_at", gettext_lazy("came as far as"))
    fields = (
        "kind_text",
        "from_time",
        "to_time",
        "started",
        "finished",
        "reached",
        "state",
        "seen",
        "repaired_text",
        "unreadable",
        "absent_there",
        "error",
    )

    @display(description=gettext_lazy("asked for"))
    def kind_text(self, run: SyncRun) -> Any:
        return KIND_TEXTS.get(run.kind, run.kind)

    @display(description=gettext_lazy("repaired"))
    def repaired_count(self, run: SyncRun) -> int:
        return sum(count for count in run.repaired.values() if isinstance(count, int))

    @display(description=gettext_lazy("repaired"))
    def repaired_text(self, run: SyncRun) -> str:
        return ", ".join(f"{REPAIR_TEXTS.get(kind, kind)}: {count}" for kind, count in run.repaired.items()) or "-"

    @display(description=gettext_lazy("state"), label={"done": "success", "running": "info", "failed": "danger"})
    def state(self, run: SyncRun) -> Badge:
        if run.error:
            return Badge("failed", _("failed"))
        return Badge("done", _("done")) if run.finished_at else Badge("running", _("running"))
