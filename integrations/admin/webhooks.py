from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.models import User
from hospitals.admin.base import ReadOnlyAdmin
from hospitals.admin.columns import Badge, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter
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

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        return list(STATUS_TEXTS.items())


class ReceivedFilter(DayRangeFilter):
    field = "received_at"


@admin.register(CalWebhook)
class CalWebhookAdmin(ReadOnlyAdmin):
    """What Cal.com told us, for operators: it belongs to no hospital. The body names patients and is not shown."""

    list_title = gettext_lazy("Webhooks from Cal.com")
    list_display = ("number", "received", "trigger", "state", "tries", "processed")
    list_filter = (StatusFilter, ReceivedFilter)
    ordering = ("-pk",)
    received = moment("received_at", gettext_lazy("received"))
    processed = moment("processed_at", gettext_lazy("processed"))
    next_try = moment("next_try_at", gettext_lazy("next try"))
    fields = ("number", "received", "trigger", "state", "tries", "next_try", "processed", "body_sha256")

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        rows = rows.defer("raw_webhook_body", "signature_header", "notes")
        return rows if user.is_operator else rows.none()

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
