from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from hospitals.admin.base import Badge, ReadOnlyAdmin, moment
from hospitals.admin.filters import KnownChoiceFilter
from integrations.models import BookingRequest

KIND_TEXTS: dict[str, Any] = {
    BookingRequest.Kind.BOOK.value: gettext_lazy("book"),
    BookingRequest.Kind.RESCHEDULE.value: gettext_lazy("move"),
    BookingRequest.Kind.CANCEL.value: gettext_lazy("cancel"),
    BookingRequest.Kind.REASSIGN.value: gettext_lazy("give to a colleague"),
    BookingRequest.Kind.MARK_ABSENT.value: gettext_lazy("mark as not come"),
}
STATE_TEXTS: dict[str, Any] = {
    BookingRequest.State.QUEUED.value: gettext_lazy("waiting"),
    BookingRequest.State.SENT.value: gettext_lazy("sent"),
    BookingRequest.State.DONE.value: gettext_lazy("done"),
    BookingRequest.State.REFUSED.value: gettext_lazy("refused"),
    BookingRequest.State.UNKNOWN.value: gettext_lazy("no answer, being looked up"),
}


class StateFilter(KnownChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    field = "state"
    texts = STATE_TEXTS


@admin.register(BookingRequest)
class BookingRequestAdmin(ReadOnlyAdmin):
    """What we asked of Cal.com and what became of it. Whom it is for, and why, is the visit's to show."""

    list_title = gettext_lazy("Requests to Cal.com")
    list_display = ("asked", "doctor_name", "kind_text", "state_text", "outcome_code", "tries")
    list_filter = (StateFilter,)
    list_select_related = ("doctor__user__profile",)
    list_before_template = "admin/time_zone_note.html"
    hospital_path = "doctor__hospital"
    ordering = ("-created_at", "-pk")
    start = moment("start_ts", gettext_lazy("for"))
    asked = moment("created_at", gettext_lazy("asked"))
    sent = moment("sent_at", gettext_lazy("sent"))
    answered = moment("resolved_at", gettext_lazy("answered"))
    next_try = moment("next_try_at", gettext_lazy("next try"))
    fields = (
        "doctor_name",
        "kind_text",
        "state_text",
        "outcome_code",
        "start",
        "asked",
        "sent",
        "answered",
        "tries",
        "next_try",
    )

    def name_of(self, obj: Any) -> str:
        return f"{obj.doctor.full_name}: {KIND_TEXTS.get(obj.kind, obj.kind)}"

    @display(description=gettext_lazy("doctor"))
    def doctor_name(self, request: BookingRequest) -> str:
        return request.doctor.full_name  # type: ignore[no-any-return]

    @display(description=gettext_lazy("what"))
    def kind_text(self, request: BookingRequest) -> Any:
        return KIND_TEXTS.get(request.kind, request.kind)

    @display(
        description=gettext_lazy("state"),
        label={"queued": "info", "sent": "info", "done": "success", "refused": "danger", "unknown": "warning"},
    )
    def state_text(self, request: BookingRequest) -> Badge:
        return Badge(request.state, STATE_TEXTS.get(request.state, request.state))
