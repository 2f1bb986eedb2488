"""Pulls, and bookings the mirror is not sure of, for operators: they belong to no hospital, and name no patient."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.models import User
from clinical.models import AppointmentBooking
from hospitals.admin.base import NONE, Badge, ReadOnlyAdmin, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter
from integrations.calcom.inbound.drift import PERSISTS_AFTER
from integrations.models import BookingLookup, SyncDrift, SyncRun

KIND_TEXTS: dict[str, Any] = {
    SyncRun.Kind.UPDATED.value: gettext_lazy("what changed lately"),
    SyncRun.Kind.WINDOW.value: gettext_lazy("appointments of a period"),
}
REPAIR_TEXTS: dict[str, Any] = {
    "missing_visit": gettext_lazy("missing appointments"),
    "changed_status": gettext_lazy("other status"),
    "changed_times": gettext_lazy("other time"),
    "changed_doctor": gettext_lazy("other doctor"),
    "changed_patient": gettext_lazy("other patient"),
    "no_show": gettext_lazy("came or did not come"),
    "unknown_doctor": gettext_lazy("doctor not known here"),
}
REASON_TEXTS: dict[str, Any] = {
    "webhook": gettext_lazy("its news did not say enough"),
    "drift": gettext_lazy("it was different here"),
    "absent_there": gettext_lazy("it is here, but not in Cal.com's list"),
}
ERROR_TEXTS: dict[str, Any] = {
    "unknown_doctor": gettext_lazy("the doctor is not connected"),
    "calcom_unavailable": gettext_lazy("Cal.com did not answer"),
    "calcom_rate_limited": gettext_lazy("too many calls"),
    "calcom_refused": gettext_lazy("Cal.com refused the question"),
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
        return ", ".join(f"{REPAIR_TEXTS.get(kind, kind)}: {count}" for kind, count in run.repaired.items()) or NONE

    @display(description=gettext_lazy("state"), label={"done": "success", "running": "info", "failed": "danger"})
    def state(self, run: SyncRun) -> Badge:
        if run.error:
            return Badge("failed", _("failed"))
        return Badge("done", _("done")) if run.finished_at else Badge("running", _("running"))


class StateFilter(KnownChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    texts: ClassVar = {"waiting": gettext_lazy("waiting"), "given_up": gettext_lazy("given up")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(due_at__isnull=value == "given_up")


class LinklessRows(ChangeList):
    """Rows that lead to no page of their own: its address would hold the uid."""

    def url_for_result(self, result: Any) -> str:
        raise NoReverseMatch


class UnsettledAdmin(ReadOnlyAdmin):
    """Rows about one uid each. A uid cancels without a sign-in: what is shown is Cal.com's number of the booking."""

    visit_start = moment("visit_start", gettext_lazy("appointment"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LinklessRows

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        if not user.is_operator:
            return rows.none()
        booking = AppointmentBooking.objects.filter(pk=OuterRef("pk"))
        found: QuerySet[Any] = rows.annotate(
            number=Subquery(booking.values("booking_id")),
            visit_start=Subquery(booking.values("start_ts")),
            doctor=Subquery(booking.values("appointment__doctor__user__profile__full_name")),
        )
        return found

    def name_of(self, obj: Any) -> str:
        return str(self.booking_number(obj))

    @display(description=gettext_lazy("booking"))
    def booking_number(self, row: Any) -> str:
        return str(row.number) if row.number else _("not known here")

    @display(description=gettext_lazy("doctor"))
    def doctor_name(self, row: Any) -> str:
        return str(row.doctor or NONE)


@admin.register(SyncDrift)
class SyncDriftAdmin(UnsettledAdmin):
    list_title = gettext_lazy("Bookings that differ")
    list_before_template = "admin/integrations/differ_note.html"
    list_display = ("booking_number", "doctor_name", "visit_start", "what_differs", "state", "first_seen", "last_seen")
    ordering = ("-seen", "pk")
    first_seen = moment("first_seen_at", gettext_lazy("since"))
    last_seen = moment("last_seen_at", gettext_lazy("last compared"))
    fields = ("booking_number", "doctor_name", "visit_start", "what_differs", "state", "first_seen", "last_seen")

    @display(description=gettext_lazy("what differs"))
    def what_differs(self, drift: SyncDrift) -> str:
        return ", ".join(str(REPAIR_TEXTS.get(kind, kind)) for kind in drift.kinds)

    @display(description=gettext_lazy("state"), label={"stays": "danger", "new": "info"})
    def state(self, drift: SyncDrift) -> Badge:
        if drift.seen >= PERSISTS_AFTER:
            return Badge("stays", _("stays different"))
        return Badge("new", _("compared again in 5 minutes"))


@admin.register(BookingLookup)
class BookingLookupAdmin(UnsettledAdmin):
    list_title = gettext_lazy("Bookings being looked up")
    list_before_template = "admin/integrations/lookups_note.html"
    list_display = ("booking_number", "doctor_name", "visit_start", "why", "state", "tries", "next_try")
    list_filter = (StateFilter,)
    ordering = ("due_at", "pk")
    queued = moment("queued_at", gettext_lazy("since"))
    next_try = moment("due_at", gettext_lazy("next try"))
    fields = ("booking_number", "doctor_name", "visit_start", "why", "state", "tries", "next_try", "queued")

    @display(description=gettext_lazy("why"))
    def why(self, lookup: BookingLookup) -> Any:
        return REASON_TEXTS.get(lookup.reason, lookup.reason)

    @display(description=gettext_lazy("state"), label={"waiting": "info", "again": "warning", "given_up": "danger"})
    def state(self, lookup: BookingLookup) -> Badge:
        error = ERROR_TEXTS.get(lookup.last_error or "", lookup.last_error)
        if lookup.due_at is None:
            return Badge("given_up", _("given up: %(error)s") % {"error": error})
        if lookup.last_error:
            return Badge("again", _("tried again: %(error)s") % {"error": error})
        return Badge("waiting", _("waiting"))
