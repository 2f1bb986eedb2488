"""The pages of one member of staff's access: deactivated or not, closed or not, password, second factor."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import User
from accounts.permissions import Permission, has_permission
from accounts.staff_sign_in.second_factor import NotYourOwn, reset_second_factor
from accounts.staff_sign_in.tries import is_locked_out, release_lockout
from core.times import known_zone
from hospitals.admin.base import HospitalScopedAdmin, acting_user
from hospitals.hours.actions import VisitsHit
from hospitals.hours.hit_visits_step import VisitStep, given_answers, goes_back, visit_step
from hospitals.models import Doctor, Hospital, StaffMember
from hospitals.ports import booked_visits, schedule_publisher
from hospitals.staff.actions import (
    CannotDeactivateYourself,
    DoctorHasOpenRecords,
    EmailTaken,
    OwnEmail,
    OwnPasswordPage,
    change_staff_email,
    deactivate_staff_member,
    mail_password_link,
    move_doctor,
    reactivate_staff_member,
    reset_staff_password,
)
from hospitals.staff.csv_file import EMAIL_TAKEN
from hospitals.staff.forms import EmailForm

if TYPE_CHECKING:
    _Base = HospitalScopedAdmin
else:
    _Base = ModelAdmin


MemberView = Callable[[HttpRequest, Any], HttpResponse]


class AccessPages(_Base):
    def get_urls(self) -> list[URLPattern]:
        pages = {
            "access": self.access_view,
            "release": self.release_view,
            "email": self.email_view,
            "password": self.password_view,
            "second-factor": self.second_factor_view,
        }
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        ours = [
            path(f"<uuid:pk>/{page}/", self.admin_site.admin_view(self._of_member(view)), name=f"{name}_{page}")
            for page, view in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def _of_member(self, view: MemberView) -> Callable[..., HttpResponse]:
        """The view, with the member instead of the id; nobody else's member is found."""

        def found(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
            member = self.own_object(request, str(pk))
            return self.not_found(request, str(pk)) if member is None else view(request, member)

        return found

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Nobody is deleted: what they signed must keep its name."""
        member = self.own_object(request, unquote(object_id))
        if member is None:
            return self.not_found(request, object_id)
        text = _("%(name)s is kept with what they wrote, and cannot be deleted. Deactivate them here instead.")
        self.message_user(request, text % {"name": self.name_of(member)}, messages.WARNING)
        return HttpResponseRedirect(self.address("access", member.pk))

    def access_view(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        if request.method != "POST" or goes_back(request.POST):
            return self._access_page(request, member)
        user, by, at = member.user, acting_user(request), timezone.now()
        try:
            # As the page said, not as things are by now: pressed twice, it is done once.
            if request.POST.get("access") == "restore":
                reactivate_staff_member(user=user, by=by, at=at)
            else:
                deactivate_staff_member(user=user, answers=given_answers(request.POST), by=by, at=at)
        except CannotDeactivateYourself:
            self.message_user(request, _("You cannot deactivate yourself."), messages.ERROR)
            return self._back(member)
        except VisitsHit as hit:
            return self._booked_visits_page(request, member, visit_step(request.POST, hit.visits, by=by))
        return self._saved(request, member)

    def _access_page(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        at = timezone.now()
        booked = booked_visits().booked(member.pk, at=at) if member.user.is_doctor and member.user.is_active else []
        asks = not acting_user(request).is_operator
        title = _("Deactivate") if member.user.is_active else _("Reactivate")
        more = {"is_locked_out": is_locked_out(member.user, at=at), "booked": len(booked), "asks": asks}
        return self._member_page(request, "admin/hospitals/staff_access.html", member, title, **more)

    def _booked_visits_page(self, request: HttpRequest, member: StaffMember, step: VisitStep) -> HttpResponse:
        context = {
            "title": _("Deactivate %(name)s") % {"name": self.name_of(member)},
            "saves": _("no access from now on, and a closed calendar"),
            "zone": known_zone(member.hospital.time_zone),
            "step": step,
            "ends_access": True,
            "opts": self.opts,
        }
        return self.page(request, "admin/hospitals/doctor/visits_hit.html", context)

    def release_view(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(self.address("access", member.pk))
        release_lockout(user=member.user, by=acting_user(request), at=timezone.now())
        self.message_user(request, _("%(name)s can try to sign in again.") % {"name": self.name_of(member)})
        return self._back(member)

    def email_view(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        form = EmailForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                change_staff_email(
                    user=member.user, email=form.cleaned_data["email"], by=acting_user(request), at=timezone.now()
                )
            except EmailTaken as refusal:
                form.add_error("email", forms.ValidationError(EMAIL_TAKEN, code=refusal.code))
            except OwnEmail:
                self.message_user(request, _("Another admin or the operator changes your own email."), messages.ERROR)
                return self._back(member)
            else:
                return self._saved(request, member)
        return self._member_page(request, "admin/hospitals/staff_email.html", member, _("Change email"), form=form)

    def password_view(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        if request.method != "POST":
            return self._member_page(request, "admin/hospitals/staff_password.html", member, _("New password"))
        by, at = acting_user(request), timezone.now()
        try:
            if "by_mail" in request.POST:
                mail_password_link(user=member.user, by=by, at=at)
                text = _("A link to set a password is on its way to %(email)s.") % {"email": member.user.email}
                self.message_user(request, text)
                return self._back(member)
            password = reset_staff_password(user=member.user, by=by, at=at)
        except OwnPasswordPage:
            return HttpResponseRedirect(reverse("staff:password"))
        return self.password_page(request, member.user, password, _("New password"))

    def second_factor_view(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        if request.method != "POST":
            template = "admin/hospitals/staff_second_factor.html"
            return self._member_page(request, template, member, _("Two-factor authentication"))
        try:
            reset_second_factor(user=member.user, by=acting_user(request), at=timezone.now())
        except NotYourOwn:
            text = _("Remove your own on your page “Two-factor authentication”, with your password.")
            self.message_user(request, text, messages.ERROR)
            return self._back(member)
        return self._saved(request, member)

    def password_page(
        self, request: HttpRequest, user: User, password: str, title: str, *, is_new: bool = False
    ) -> HttpResponse:
        """The answer to the POST itself: the password is in no address, session or message, and is gone on reload."""
        context = {"person": user, "password": password, "title": title, "opts": self.opts}
        if is_new and user.is_doctor:
            context |= {"hours_page": self.address("hours", user.pk)}
            context |= {"calendar_page": schedule_publisher().address(user.pk)}
        return self.page(request, "admin/hospitals/staff_password_once.html", context)

    def page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context})

    def _member_page(
        self, request: HttpRequest, template: str, member: StaffMember, title: str, **more: Any
    ) -> HttpResponse:
        context = {
            "member": member,
            "name": self.name_of(member),
            "title": title,
            "opts": self.opts,
            "back": self.address("change", member.pk),
            **more,
        }
        return self.page(request, template, context)

    def _saved(self, request: HttpRequest, member: StaffMember) -> HttpResponse:
        self.message_user(request, _("%(name)s: saved.") % {"name": self.name_of(member)})
        return self._back(member)

    def _back(self, member: StaffMember) -> HttpResponse:
        return HttpResponseRedirect(self.address("change", member.pk))


class MoveForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.none(),
        label=gettext_lazy("New hospital"),
        empty_label=gettext_lazy("Choose one"),
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, doctor: Doctor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Hospital.objects.filter(is_active=True).exclude(pk=doctor.hospital_id)
        self.fields["hospital"].queryset = others.order_by("name", "pk")  # type: ignore[attr-defined]


class MovePage(_Base):
    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_move"
        return [path("<uuid:pk>/move/", self.admin_site.admin_view(self.move_view), name=name), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"can_move": _may_move(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def move_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if not _may_move(request):
            raise PermissionDenied
        doctor: Doctor | None = self.own_object(request, str(pk))
        if doctor is None:
            return self.not_found(request, str(pk))
        form = MoveForm(request.POST if request.method == "POST" else None, doctor=doctor)
        if form.is_valid():
            hospital: Hospital = form.cleaned_data["hospital"]
            try:
                move_doctor(doctor=doctor, hospital=hospital, by=acting_user(request), at=timezone.now())
            except DoctorHasOpenRecords as refusal:
                form.add_error(None, forms.ValidationError(_open_records_text(), code=refusal.code))
            else:
                return self._moved(request, doctor, hospital)
        context = {
            "form": form,
            "doctor": doctor,
            "name": self.name_of(doctor),
            "title": _("Move to another hospital"),
            "opts": self.opts,
            "back": self.address("change", doctor.pk),
        }
        each = self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/hospitals/staff_move.html", {**each, **context})

    def _moved(self, request: HttpRequest, doctor: Doctor, hospital: Hospital) -> HttpResponse:
        text = _("%(name)s works at %(hospital)s now. Their weekly hours went along: the hospital should look at them.")
        self.message_user(request, text % {"name": self.name_of(doctor), "hospital": hospital.name})
        return HttpResponseRedirect(self.address("change", doctor.pk))


def _may_move(request: HttpRequest) -> bool:
    return has_permission(acting_user(request), Permission.MANAGE_HOSPITALS)


def _open_records_text() -> str:
    return _(
        "This doctor still has booked appointments here, or prescriptions that are not dispensed yet. Hold or cancel"
        " the appointments, have the prescriptions dispensed or withdrawn, then move the doctor. Nothing was changed."
    )
