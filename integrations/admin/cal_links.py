from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from hospitals.admin.base import NONE, Badge, moment
from hospitals.admin.filters import KnownChoiceFilter
from hospitals.staff.search import found_staff
from integrations.admin.cal_bulk import CalBulkPages
from integrations.admin.cal_pages import CalDoctorPages
from integrations.figures import out_of_step
from integrations.models import CalLink


class StepFilter(KnownChoiceFilter):
    title = gettext_lazy("hours")
    parameter_name = "hours"
    texts: ClassVar = {"behind": gettext_lazy("not as here"), "published": gettext_lazy("published")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(out_of_step()) if value == "behind" else queryset.exclude(out_of_step())


@admin.register(CalLink)
class CalLinkAdmin(CalBulkPages, CalDoctorPages):
    list_title = gettext_lazy("Doctors in Cal.com")
    list_display = ("doctor_name", "hospital_name", "state", "bookable", "pushed", "failures", "absence")
    list_filter = (StepFilter,)
    list_select_related = ("doctor__user__profile", "doctor__hospital")
    pushed = moment("pushed_at", gettext_lazy("last published"))
    hospital_path = "doctor__hospital"
    search_fields = ("doctor",)
    search_help_text = gettext_lazy("Beginning of a doctor's name or email")
    ordering = ("doctor__user__profile__full_name", "pk")
    fields = ("doctor_name",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found_staff(queryset, search_term, path="doctor__user"), False

    def name_of(self, obj: Any) -> str:
        return str(obj.doctor.full_name)

    @display(description=gettext_lazy("doctor"), ordering="doctor__user__profile__full_name")
    def doctor_name(self, link: CalLink) -> str:
        return link.doctor.full_name  # type: ignore[no-any-return]

    @display(description=gettext_lazy("hospital"))
    def hospital_name(self, link: CalLink) -> str:
        return str(link.doctor.hospital)

    @display(
        description=gettext_lazy("hours"),
        label={
            "published": "success",
            "behind": "info",
            "failing": "danger",
            "edited": "warning",
            "gone": "danger",
            "nothing": "default",
            "closed": "default",
        },
    )
    def state(self, link: CalLink) -> Badge:
        if link.problem is not None:
            return Badge("gone", _("connect again"))
        if link.wanted_hash is None:
            return Badge("nothing", _("nothing to publish"))
        if not link.is_sent:
            return Badge("failing", _("refused, trying again")) if link.last_error else Badge("behind", _("on the way"))
        if link.drift is not None:
            is_edit = link.drift == CalLink.Drift.EDITED
            return Badge("edited", _("edited in Cal.com") if is_edit else _("Cal.com shows other hours"))
        if not link.doctor.user.is_active:
            return Badge("closed", _("closed: doctor deactivated"))
        return Badge("published", _("published"))

    @display(description=gettext_lazy("bookable"), boolean=True)
    def bookable(self, link: CalLink) -> bool:
        return link.is_bookable and bool(link.doctor.user.is_active)

    @display(description=gettext_lazy("absence entered in Cal.com"))
    def absence(self, link: CalLink) -> str:
        """Not in the hours kept here: enter it as time off, or delete it there."""
        if link.absence_from is None or link.absence_until is None or link.absence_until < timezone.now():
            return NONE
        first, last = (date_format(at.astimezone(dt.UTC), "j M Y") for at in (link.absence_from, link.absence_until))
        return _("%(first)s to %(last)s, not in the hours here") % {"first": first, "last": last}
