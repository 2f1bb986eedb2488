"""How the admin portal looks and what its side bar offers. Callables run per request, after sign-in."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
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
    "SITE_SYMBOL": "local_hospital",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "config.admin_home.home_page",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/icon.svg")},
    ],
    "SCRIPTS": [lambda request: static("portal/live.js")],
    "STYLES": [lambda request: static("portal/portal.css")],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(65% .13 182.5)",
            "600": "oklch(51.1% .096 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(32% .05 188.4)",
            "950": "oklch(27.7% .046 192.5)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("staff:password")},
            {"title": _("Second factor"), "link": reverse_lazy("staff:second-factor")},
        ]
    },
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
