from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.models import Role, User
from accounts.roles import STAFF_KINDS, kind_of_member
from hospitals.admin.base import Badge, HospitalScopedAdmin, acting_user, moment
from hospitals.admin.filters import ActiveFilter, HospitalFilter
from hospitals.hours.admin import HoursPages
from hospitals.models import StaffMember
from hospitals.staff.access_pages import AccessPages, MovePage
from hospitals.staff.actions import EmailTaken, NewStaffMember, add_staff_member, update_staff_member
from hospitals.staff.csv_file import EMAIL_TAKEN
from hospitals.staff.forms import NewStaffForm, member_form
from hospitals.staff.search import found_staff

_ACCESS_COLOURS = {
    "active": "success",
    "new": "info",
    "expired": "warning",
    "closed": "warning",
    "deactivated": "danger",
}


class StaffAdmin(AccessPages, HospitalScopedAdmin):
    """One role's people: added in one form, changed, deactivated and let in again; never deleted."""

    # Shows the box; `get_search_results` looks itself, by index.
    search_fields = ("user",)
    search_help_text = gettext_lazy("Beginning of a name or email")
    ordering = ("user__profile__full_name", "pk")
    list_filter = (ActiveFilter, HospitalFilter)
    readonly_fields = ("email", "hospital_name", "access", "second_factor", "last_sign_in")
    last_sign_in = moment("user.last_login", gettext_lazy("last sign-in"), none=gettext_lazy("never"))
    second_factor = moment(
        "user.second_factor_since", gettext_lazy("two-factor authentication since"), none=gettext_lazy("not set up")
    )
    list_before_template = "admin/hospitals/staff_files.html"
    change_form_before_template = "admin/hospitals/staff_links.html"

    def __init__(self, model: type[StaffMember], admin_site: AdminSite) -> None:
        self.kind = kind_of_member(model)
        self.form = member_form(self.kind)
        self.list_title = self.kind.title
        super().__init__(model, admin_site)

    @property
    def own_columns(self) -> list[str]:
        return [self.kind.detail.field] if self.kind.detail else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_names()  # type: ignore[attr-defined,no-any-return]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return found_staff(queryset, search_term, path="user"), False

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = ["name", *self.own_columns, "email", "access"]
        return [*columns, "hospital_name"] if acting_user(request).is_operator else columns

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["full_name", *self.own_columns, *self.readonly_fields]

    @display(description=gettext_lazy("name"), ordering="user__profile__full_name")
    def name(self, member: StaffMember) -> str:
        return self.name_of(member)

    def name_of(self, obj: Any) -> str:
        return obj.full_name or obj.user.email or str(obj)

    @display(description=gettext_lazy("email"), ordering="user__email")
    def email(self, member: StaffMember) -> str:
        return member.user.email or ""

    @display(description=gettext_lazy("hospital"), ordering="hospital__name")
    def hospital_name(self, member: StaffMember) -> str:
        return str(member.hospital)

    @display(description=gettext_lazy("access"), label=_ACCESS_COLOURS)
    def access(self, member: StaffMember) -> Badge:
        user, at = member.user, timezone.now()
        expires_at = user.temporary_password_expires_at
        if not user.is_active:
            return Badge("deactivated", _("deactivated"))
        if user.lockout_until is not None and at < user.lockout_until:
            return Badge("closed", _("locked after failed sign-ins"))
        if not user.has_usable_password():
            return Badge("new", _("has not set a password yet"))
        if user.must_change_password and expires_at is not None and expires_at <= at:
            return Badge("expired", _("temporary password expired"))
        if user.must_change_password:
            return Badge("new", _("temporary password"))
        return Badge("active", _("active"))

    def save_model(self, request: HttpRequest, obj: StaffMember, form: Any, change: bool) -> None:
        update_staff_member(
            member=obj,
            full_name=form.cleaned_data["full_name"],
            detail=form.cleaned_data[self.kind.detail.field] if self.kind.detail else None,
            by=acting_user(request),
            at=timezone.now(),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        until = obj.user.lockout_until if obj else None
        context["is_locked_out"] = until is not None and timezone.now() < until
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)  # type: ignore[no-any-return]

    def name_after_save(self, obj: StaffMember) -> None:
        """The name that was just saved, for the message: the loaded profile still has the old one."""
        obj.user.profile.refresh_from_db()

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.name_after_save(obj)
        return super().response_change(request, obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewStaffForm(request.POST or None, kind=self.kind, user=acting_user(request))
        if request.method == "POST" and form.is_valid():
            try:
                new = self._add(form, acting_user(request), by_mail="by_mail" in request.POST)
                return self._added(request, new)
            except EmailTaken as refusal:
                form.add_error("email", ValidationError(EMAIL_TAKEN, code=refusal.code))
        context = {"form": form, "title": self.kind.add_title, "opts": self.opts, "add": True}
        return self.page(request, "admin/hospitals/staff_add.html", context)

    def _add(self, form: NewStaffForm, user: User, *, by_mail: bool) -> NewStaffMember:
        return add_staff_member(
            hospital=form.chosen_hospital,
            role=self.kind.role,
            email=form.cleaned_data["email"],
            full_name=form.cleaned_data["full_name"],
            detail=form.cleaned_data[self.kind.detail.field] if self.kind.detail else None,
            by_mail=by_mail,
            by=user,
            at=timezone.now(),
        )

    def _added(self, request: HttpRequest, new: NewStaffMember) -> HttpResponse:
        if new.temporary_password is not None:
            return self.password_page(request, new.user, new.temporary_password, _("Added"), is_new=True)
        text = _("%(name)s was added. A link to set a password is on its way to %(email)s.")
        if new.user.is_doctor:
            text += " " + _("Next: set the weekly hours, and connect the booking calendar, by the buttons below.")
        name = new.user.profile.full_name or new.user.email
        self.message_user(request, text % {"name": name, "email": new.user.email})
        return HttpResponseRedirect(self.address("change", new.user.pk))


class DoctorAdmin(MovePage, HoursPages, StaffAdmin):
    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = super().get_list_display(request)
        return [*columns, "hours_link"] if self.has_hours_permission(request) else columns


_MORE_PAGES: dict[Role, type[StaffAdmin]] = {Role.DOCTOR: DoctorAdmin}
for _kind in STAFF_KINDS:
    admin.site.register(_kind.model, _MORE_PAGES.get(_kind.role, StaffAdmin))
