"""How the admin portal looks and what its side bar offers. Callables run per request, after sign-in."""

from __future__ import annotations

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.roles import STAFF_KINDS


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    app_label, model_name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app_label}_{model_name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app_label}.view_{model_name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Wardbook",
    "SITE_HEADER": "Wardbook",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "config.admin_home.home_page",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {"title": _("Today"), "icon": "today", "link": reverse_lazy("admin:index")},
                    {
                        "title": _("Break the glass"),
                        "icon": "key",
                        "link": reverse_lazy("admin:break_glass"),
                        "permission": lambda request: getattr(request.user, "is_operator", False),
                    },
                    {
                        **_item(_("Appointments"), "calendar_month", "clinical.appointment"),
                        # What needs attention lies below it, and has an entry of its own.
                        "active": lambda request: (
                            "/clinical/appointment/" in request.path and "/conflicts/" not in request.path
                        ),
                    },
                    {
                        "title": _("Needs attention"),
                        "icon": "notification_important",
                        "link": reverse_lazy("admin:clinical_appointment_attention"),
                        "permission": lambda request: getattr(request.user, "is_hospital_admin", False),
                        "has_counter": True,
                    },
                    _item(_("Prescriptions"), "prescriptions", "clinical.prescription"),
                    _item(_("AI sessions"), "forum", "clinical.aisession"),
                ],
            },
            {
                "title": _("Staff"),
                "separator": True,
                "items": [
                    *(_item(kind.title, kind.icon, f"hospitals.{kind.model_name}") for kind in STAFF_KINDS),
                    _item(_("Hospitals"), "domain", "hospitals.hospital"),
                    {
                        "title": _("Emergencies"),
                        "icon": "emergency",
                        "link": reverse_lazy("admin:emergencies"),
                        "permission": lambda request: getattr(request.user, "hospital_id", None) is not None,
                    },
                    _item(_("Access log"), "visibility", "accounts.accessevent"),
                    {
                        "title": _("Erasure requests"),
                        "icon": "person_remove",
                        "link": reverse_lazy("admin:erasures"),
                        "permission": lambda request: getattr(request.user, "is_operator", False),
                    },
                ],
            },
            {
                "title": _("Booking calendar"),
                "separator": True,
                "items": [
                    _item(_("Doctors in Cal.com"), "sync", "integrations.callink"),
                    _item(_("Requests"), "outbox", "integrations.bookingrequest"),
                    _item(_("Webhooks"), "inbox", "integrations.calwebhook"),
                    _item(_("Pulls"), "download", "integrations.syncrun"),
                    _item(_("Messages from Vapi"), "call", "integrations.vapievent"),
                    _item(_("Numbers of the assistant"), "dialpad", "integrations.vapinumber"),
                    {
                        "title": _("Text messages"),
                        "icon": "sms",
                        "link": reverse_lazy("admin:sms_figures"),
                        "permission": lambda request: getattr(request.user, "is_operator", False),
                    },
                    _item(_("Differences"), "difference", "integrations.syncdrift"),
                    _item(_("Look-ups"), "manage_search", "integrations.bookinglookup"),
                ],
            },
        ],
    },
}
