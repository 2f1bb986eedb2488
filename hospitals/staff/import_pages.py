"""Pages where a file of staff is checked, confirmed and watched; the file to begin with; everybody as a file."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import User
from accounts.permissions import Permission, has_permission
from accounts.roles import STAFF_KINDS
from core.spreadsheets import csv_download
from hospitals.admin.base import acting_user
from hospitals.models import Hospital, StaffImport
from hospitals.staff.csv_file import COLUMNS, MAX_BYTES, UnreadableFile, example_rows, read_staff, staff_table
from hospitals.staff.import_file import (
    ImportHasProblems,
    ImportIsOver,
    confirm_staff_import,
    discard_staff_import,
    keep_staff_import,
    lines_of,
    mark_taken,
    people_added,
)

MAX_SHOWN = 200  # lines of one page
REFRESH_SECONDS = 2


class StaffFileForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.none(),
        label=gettext_lazy("Hospital"),
        empty_label=gettext_lazy("Choose one"),
        widget=UnfoldAdminSelectWidget(),
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,  # said in the words of `read_staff`
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv", "class": "portal-file"}),
        help_text=gettext_lazy("At most 5,000 people and 2 MB. Commas or semicolons, as Excel's “CSV UTF-8” has them."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hospitals = Hospital.objects.for_user(user).order_by("name", "pk")
        if user.is_operator:
            self.fields["hospital"].queryset = self.hospitals  # type: ignore[attr-defined]
        else:
            del self.fields["hospital"]

    @property
    def chosen_hospital(self) -> Hospital:
        hospital: Hospital = self.cleaned_data.get("hospital") or self.hospitals.get()
        return hospital

    def clean(self) -> dict[str, Any]:
        if "file" in self.cleaned_data:
            try:
                self.cleaned_data["lines"] = read_staff(self.cleaned_data["file"].read(MAX_BYTES + 1))
            except UnreadableFile as refusal:
                self.add_error("file", forms.ValidationError(str(refusal.message), code=refusal.code))
        return self.cleaned_data


class StaffFilePages:
    def __init__(self, site: AdminSite) -> None:
        self.site = site

    @property
    def urls(self) -> list[URLPattern]:
        wrap = self.site.admin_view
        return [
            path("staff-import/", wrap(self.upload), name="staff_import"),
            path("staff-import/template/", wrap(self.template), name="staff_import_template"),
            path("staff-import/<uuid:pk>/", wrap(self.one), name="staff_import_one"),
            path("staff-export/", wrap(self.export), name="staff_export"),
        ]

    def upload(self, request: HttpRequest) -> HttpResponse:
        user = _manager(request)
        posted = request.method == "POST"
        form = StaffFileForm(request.POST if posted else None, request.FILES if posted else None, user=user)
        if not form.is_valid():
            context = {
                "form": form,
                "columns": COLUMNS,
                "example": example_rows(),
                "title": _("Import staff from a file"),
            }
            return self._page(request, "upload", context)
        hospital, lines = form.chosen_hospital, form.cleaned_data["lines"]
        mark_taken(lines)
        try:
            one = keep_staff_import(hospital=hospital, lines=lines, by=user, at=timezone.now())
        except ImportHasProblems:
            return self._report(request, lines, {"hospital": hospital})
        return redirect("admin:staff_import_one", one.pk)

    def one(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        user = _manager(request)
        one = StaffImport.objects.for_user(user).select_related("hospital").filter(pk=pk).first()
        if one is None:
            messages.warning(request, _("This import is not there any more. Choose the file again."))
            return redirect("admin:index")
        if request.method == "POST":
            return self._decide(request, one, user)
        if one.state in (StaffImport.State.CHECKED, StaffImport.State.REFUSED):
            lines = lines_of(one)
            mark_taken(lines)
            return self._report(request, lines, {"hospital": one.hospital, "one": one})
        return self._progress(request, one)

    def template(self, request: HttpRequest) -> HttpResponse:
        _manager(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        return csv_download("staff-template.csv", COLUMNS, example_rows())

    def export(self, request: HttpRequest) -> HttpResponse:
        user = _manager(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        header, rows = staff_table(by=user, at=timezone.now())
        return csv_download("staff.csv", header, rows)

    def _decide(self, request: HttpRequest, one: StaffImport, user: User) -> HttpResponse:
        if request.POST.get("do") != "confirm":
            discard_staff_import(pk=one.pk, by=user, at=timezone.now())
            messages.info(request, _("Nothing was added."))
            return redirect("admin:staff_import")
        try:
            confirm_staff_import(pk=one.pk, by=user, at=timezone.now())
        except ImportHasProblems:
            messages.error(request, _("Something changed since the file was checked. Nothing was added."))
        except ImportIsOver:
            messages.info(request, _("This import was confirmed already."))
        except StaffImport.DoesNotExist:
            raise Http404 from None
        return redirect("admin:staff_import_one", one.pk)

    def _report(self, request: HttpRequest, lines: list[Any], context: dict[str, Any]) -> HttpResponse:
        wrong = [line for line in lines if line.problems]
        shown = (wrong or lines)[:MAX_SHOWN]
        # By the columns: a line that was stored has its cells in an order of the database's own.
        rows = [
            (line.line, [(name, line.cells.get(name, ""), line.problems.get(name)) for name in COLUMNS])
            for line in shown
        ]
        facts = {
            "columns": COLUMNS,
            "rows": rows,
            "total": len(lines),
            "wrong": len(wrong),
            "unshown": len(wrong or lines) - len(shown),
            "title": _("What the file would do"),
        }
        return self._page(request, "report", {**facts, **context})

    def _progress(self, request: HttpRequest, one: StaffImport) -> HttpResponse:
        is_waiting = one.state == StaffImport.State.QUEUED
        context = {
            "one": one,
            "is_waiting": is_waiting,
            "added": people_added(one.pk) if is_waiting else one.people,
            "title": _("Adding staff") if is_waiting else _("Staff added"),
            "staff_kinds": STAFF_KINDS,
        }
        answer = self._page(request, "progress", context)
        if is_waiting:
            # Without a script the page asks again by itself.
            answer.headers["Refresh"] = f"{REFRESH_SECONDS};url={reverse('admin:staff_import_one', args=[one.pk])}"
        return answer

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        template = f"admin/hospitals/staff_import_{name}.html"
        return TemplateResponse(request, template, {**self.site.each_context(request), **context})


def _manager(request: HttpRequest) -> User:
    user = acting_user(request)
    if not has_permission(user, Permission.MANAGE_STAFF):
        raise PermissionDenied
    return user
