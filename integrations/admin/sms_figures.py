"""How text messages arrive. For operators: a number belongs to a person, who may visit any hospital."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.messages.reports import PERIODS, KindFigures, failure_reasons, sms_figures
from accounts.models import SmsMessage
from accounts.permissions import Permission, has_permission
from accounts.ports import COUNTRY_NOT_SERVED, STOPPED
from hospitals.admin.base import acting_user

KIND_TEXTS: dict[str, Any] = {
    SmsMessage.Kind.SIGN_IN_CODE.value: lazy("sign-in codes"),
    SmsMessage.Kind.ERASE_CODE.value: lazy("codes to erase one's data"),
    SmsMessage.Kind.PHONE_CODE.value: lazy("codes for a new number"),
    SmsMessage.Kind.PHONE_CHANGED.value: lazy("notices of a changed number"),
    SmsMessage.Kind.REMINDER.value: lazy("reminders"),
    SmsMessage.Kind.VISIT_CANCELLED.value: lazy("notices of cancelled appointments"),
    SmsMessage.Kind.VISIT_TO_MOVE.value: lazy("requests to choose another time"),
    SmsMessage.Kind.VISIT_REASSIGNED.value: lazy("notices of another doctor"),
    SmsMessage.Kind.VISIT_STAYS.value: lazy("notices that an appointment stays"),
}
PERIOD_TEXTS = dict(zip(PERIODS, (lazy("24 hours"), lazy("7 days"), lazy("30 days")), strict=True))
# Ours, and those of Twilio's that say something to whoever runs the platform
# (https://www.twilio.com/docs/api/errors).
REASON_TEXTS: dict[str, Any] = {
    "": lazy("no reason told"),
    "too_late": lazy("it could not be sent while it was still of use"),
    COUNTRY_NOT_SERVED: lazy("no messages are sent to the number's country"),
    STOPPED: lazy("the owner of the number answered STOP"),
    "21211": lazy("the number does not exist"),
    "21408": lazy("sending to this country is not switched on at Twilio"),
    "21614": lazy("the number cannot receive text messages"),
    "30003": lazy("the phone was off or out of reach"),
    "30004": lazy("the network blocks messages to this number"),
    "30005": lazy("the number is not in use"),
    "30006": lazy("the number is a landline, or its network takes no messages"),
    "30007": lazy("the network took it for spam"),
    "30008": lazy("the network gave no reason"),
}


def sms_figures_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    if not has_permission(acting_user(request), Permission.MANAGE_INTEGRATIONS):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    at = timezone.now()
    context = {
        **site.each_context(request),
        "title": _("Text messages"),
        "periods": [
            {
                "title": PERIOD_TEXTS[figures.period],
                "rows": [_row(kind) for kind in figures.kinds],
                "total": figures.total,
            }
            for figures in sms_figures(at=at)
        ],
        "reasons": [(REASON_TEXTS.get(code), code, count) for code, count in failure_reasons(at=at)],
    }
    return TemplateResponse(request, "admin/integrations/sms_figures.html", context)


def _row(figures: KindFigures) -> dict[str, Any]:
    return {"title": KIND_TEXTS.get(figures.kind, figures.kind), "figures": figures}
