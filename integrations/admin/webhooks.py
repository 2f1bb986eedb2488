from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from accounts.models import User
from accounts.permissions import Permission, has_permission
from hospitals.admin.base import Badge, ReadOnlyAdmin, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter
from integrations.calcom.inbound.replay import replay_webhooks, replayable, webhooks_between
from integrations.models import CalWebhook

STATUS_TEXTS: dict[str, Any] = {
    CalWebhook.Status.PENDING.value: gettext_lazy("waiting"),
    CalWebhook.Status.PROCESSED.value: gettext_lazy("processed"),
    CalWebhook.Status.FAILED.value: gettext_lazy("failed"),
}


class StatusFilter(KnownChoiceFilter):
    title = gettext_lazy("status")
    parameter_name = "status"
    field = "status"
    texts = STATUS_TEXTS


class ReceivedFilter(DayRangeFilter):
    field = "received_at"
    looks_ahead = False


_AS_TYPED = gettext_lazy("Such as 2026-11-30 14:05, on the 24-hour clock.")


class ReplayForm(forms.Form):
    """A period of receipt, in the zone of the page."""

    first = forms.DateTimeField(
        label=gettext_lazy("Received from"),
        help_text=_AS_TYPED,
        widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M", attrs={"class": "week-date"}),
    )
    last = forms.DateTimeField(
        label=gettext_lazy("until"),
        help_text=_AS_TYPED,
        widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M", attrs={"class": "week-date"}),
    )
    only_failed = forms.BooleanField(label=gettext_lazy("Only those that failed"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("first") and given.get("last") and given["first"] > given["last"]:
            self.add_error("last", _("The end is before the start."))
        return given


@admin.register(CalWebhook)
class CalWebhookAdmin(ReadOnlyAdmin):
    """What Cal.com told us, for operators: it belongs to no hospital. The body names patients and is not shown."""

    is_for_operators = True
    list_title = gettext_lazy("Webhooks from Cal.com")
    list_display = ("number", "received", "trigger", "state", "tries", "processed")
    list_filter = (StatusFilter, ReceivedFilter)
    actions = ("replay_selected",)  # type: ignore[assignment]  # the portal's other lists have none
    actions_list = ("replay_period",)
    ordering = ("-pk",)
    received = moment("received_at", gettext_lazy("received"))
    processed = moment("processed_at", gettext_lazy("processed"))
    next_try = moment("next_try_at", gettext_lazy("next try"))
    fields = ("number", "received", "trigger", "state", "tries", "next_try", "processed", "body_sha256")

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return super().scoped(rows.defer("raw_webhook_body", "signature_header", "notes"), user)

    def name_of(self, obj: Any) -> str:
        return f"{obj.trigger or ''} {obj.pk}".strip()

    @display(description=gettext_lazy("number"), ordering="pk")
    def number(self, webhook: CalWebhook) -> int:
        return webhook.pk

    @display(
        description=gettext_lazy("status"),
        label={"PENDING": "info", "PROCESSED": "success", "FAILED": "danger"},
    )
    def state(self, webhook: CalWebhook) -> Badge:
        return Badge(webhook.status, STATUS_TEXTS[webhook.status])

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return has_permission(acting_user(request), Permission.MANAGE_INTEGRATIONS)

    @action(description=gettext_lazy("Apply again"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[CalWebhook]) -> None:
        self._replay(request, replayable(queryset))

    @action(description=gettext_lazy("Apply a period again"), permissions=["replay"], url_path="replay")
    def replay_period(self, request: HttpRequest) -> HttpResponse:
        """Asked in two steps: how many they are, then yes."""
        if not self.has_replay_permission(request):
            raise PermissionDenied
        form = ReplayForm(request.POST or None)
        count = None
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            rows = webhooks_between(given["first"], given["last"], only_failed=given["only_failed"])
            if "confirmed" in request.POST:
                self._replay(request, rows)
                return HttpResponseRedirect(self.address("changelist"))
            count = rows.count()
        context = self.admin_site.each_context(request)
        context |= {"title": _("Apply a period's webhooks again"), "form": form, "count": count, "opts": self.opts}
        return TemplateResponse(request, "admin/integrations/webhooks_replay.html", context)

    def _replay(self, request: HttpRequest, rows: QuerySet[CalWebhook]) -> None:
        count = replay_webhooks(rows, by=acting_user(request), at=timezone.now())
        text = ngettext("%(count)d webhook will be applied again.", "%(count)d webhooks will be applied again.", count)
        messages.success(request, text % {"count": count})
