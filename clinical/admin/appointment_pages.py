"""The pages of one visit, of the week and of what needs a look, and what an admin says about one visit."""

from __future__ import annotations

import datetime as dt
import json
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access_log.record import AccessAction
from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.admin.reassigning import ReassignPages
from clinical.admin.recorded_admin import record_opening
from clinical.agenda.hospital_week import Week, hospital_week, visits_by_day, week_of
from clinical.dashboard.pages import is_poll_of_shown_page, proof_of_page
from clinical.models import Appointment
from clinical.visits.attendance import (
    SEEN_EARLY_BY,
    confirm_identity,
    match_guest,
    parties_of,
    withdraw_identity,
)
from clinical.visits.attention import ATTENTION_TEXTS, attention_lists, speaks_against
from clinical.visits.decisions import REASON_LENGTH, ask_to_move, cancel_visit, keep_visit, may_decide
from clinical.visits.history import is_confirmed_by_patient, visit_history
from clinical.visits.page import visit_page
from core.refusals import NotPermitted, Refused
from hospitals.admin.base import acting_user
from hospitals.models import Doctor

# A calendar beyond these years is a slip of the keyboard.
YEARS = range(2000, 2101)
# In the address: what was pressed without the reason that it needs.
WITHOUT_REASON = "without-reason"


class AppointmentPages(ReassignPages):
    def get_urls(self) -> list[URLPattern]:
        return [
            self._page("calendar/", self.calendar_view, "calendar"),
            self._page("conflicts/", self.attention_view, "attention"),
            self._page("reassign/<uuid:pk>/", self.reassign_view, "reassign"),
            self._page("<uuid:pk>/payload/", self.payload_view, "payload"),
            self._page("<uuid:pk>/confirm/", self.confirm_view, "confirm"),
            self._page("<uuid:pk>/withdraw/", self.withdraw_view, "withdraw"),
            self._page("<uuid:pk>/match/", self.match_view, "match"),
            self._page("<uuid:pk>/decide/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    def _page(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        page: URLPattern = path(route, self.admin_site.admin_view(view), name=f"clinical_appointment_{name}")
        return page

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        if isinstance(answer, TemplateResponse) and answer.context_data is not None:
            visit, user = answer.context_data["original"], acting_user(request)
            answer.context_data |= {
                "steps": visit_history(visit),
                "can_open_payload": user.is_operator,
                "reason_length": REASON_LENGTH,
                "can_reassign": has_permission(user, Permission.MANAGE_HOURS, hospital=visit.hospital_id),
                "without_reason": request.GET.get(WITHOUT_REASON),
                **_choices(visit, user, at=timezone.now()),
            }
        return answer

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        user = self._viewer(request)
        week = _week_asked_for(request)
        doctor = self._doctor(user, request.GET.get("doctor"))
        context: dict[str, Any] = {"week": week, "today": timezone.localdate(), "doctor": doctor}
        if doctor is not None:
            title = _("Week of %(name)s") % {"name": doctor.full_name}
            context["days"] = visits_by_day(user, doctor, week, at=timezone.now())
            self.record_listing(request, [one.visit for day in context["days"] for one in day.visits])
        else:
            title = _("Week")
            context["hospital_week"] = hospital_week(user, week)
        return self._render(request, "calendar", {**context, "title": title})

    def attention_view(self, request: HttpRequest) -> HttpResponse:
        user, at = self._viewer(request), timezone.now()
        lists = attention_lists(user, at=at)
        shown = [visit for one in lists for item in one.items for visit in (item.visit, item.other) if visit]
        if not is_poll_of_shown_page(request):
            self.record_listing(request, shown)
        full, empty = [one for one in lists if one.items], [one for one in lists if not one.items]
        context = {
            "title": _("Needs attention"),
            "lists": [(one, *ATTENTION_TEXTS[one.kind]) for one in full],
            "settled": [ATTENTION_TEXTS[one.kind][0] for one in empty],
            "may_decide": may_decide(user, user.hospital_id),
            "live_proof": proof_of_page(request, request.get_full_path()),
        }
        return self._render(request, "attention", context)

    def payload_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """What Cal.com sent, for an operator who broke the glass: it holds what no other page shows."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = self._viewer(request)
        if not user.is_operator:
            raise PermissionDenied
        visit = Appointment.objects.for_user(user).filter(pk=pk).first()
        if visit is None:
            return self.not_found(request, str(pk))
        record_opening(user, AccessAction.OPENED_VISIT, visit, kind="appointment_payload")
        text = json.dumps(visit.cal_raw_payload, indent=2, ensure_ascii=False, sort_keys=True)
        context = {"title": _("As Cal.com sent it"), "payload": text, "back": self.address("change", pk)}
        return self._render(request, "payload", context)

    def confirm_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        done = _("Confirmed. The patient's record is open to the doctor of this appointment.")
        return self._act(request, pk, confirm_identity, done)

    def withdraw_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        return self._act(request, pk, withdraw_identity, _("Undone: the record is closed to the doctor again."))

    def match_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        done = _("Linked to the patient with this number. The record stays closed until the identity is confirmed.")
        return self._act(request, pk, match_guest, done)

    def decide_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
        choice = request.POST.get("choice", "")
        if choice == "keep":
            return self._act(request, pk, keep_visit, _("It stays as booked."))
        if choice in ("ask_to_move", "cancel") and not reason:
            return HttpResponseRedirect(f"{self.address('change', pk)}?{WITHOUT_REASON}={choice}#decide")
        if choice == "ask_to_move":
            return self._act(request, pk, ask_to_move, _("The patient is asked to choose another time."), reason=reason)
        if choice == "cancel":
            return self._act(request, pk, cancel_visit, _("The cancellation is on its way to Cal.com."), reason=reason)
        return self._act(request, pk, None, _("Choose what is to happen with the appointment."))

    def _act(
        self, request: HttpRequest, pk: uuid.UUID, action: Callable[..., object] | None, done: str, **facts: str
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        user = self._viewer(request)
        if not may_decide(user, user.hospital_id):
            raise PermissionDenied
        if not Appointment.objects.for_user(user).filter(pk=pk).exists():
            return self.not_found(request, str(pk))
        if action is None:
            self.message_user(request, done, messages.ERROR)
            return HttpResponseRedirect(self.address("change", pk))
        try:
            action(appointment_id=pk, by=user, at=timezone.now(), **facts)
        except NotPermitted:
            raise
        except Refused as refused:
            self.message_user(request, str(refused.message), messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        back = self.address("attention") if request.POST.get("back") == "attention" else self.address("change", pk)
        return HttpResponseRedirect(back)

    def _viewer(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return acting_user(request)

    def _doctor(self, user: User, text: str | None) -> Doctor | None:
        try:
            pk = uuid.UUID(text or "")
        except ValueError:
            return None
        doctor: Doctor | None = Doctor.objects.for_user(user).with_names().filter(pk=pk).first()
        return doctor

    def _render(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        everything = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/clinical/appointment/{name}.html", everything)


def _choices(visit: Appointment, user: User, *, at: dt.datetime) -> dict[str, Any]:
    """What the user may say about the visit now."""
    allowed = may_decide(user, user.hospital_id) and visit.status != Appointment.Status.CANCELLED
    has_begun = visit.start_ts - SEEN_EARLY_BY <= at
    can_decide = allowed and visit.status == Appointment.Status.SCHEDULED and visit.start_ts > at
    can_confirm = allowed and has_begun and bool(visit.patient_id) and not visit.is_patient_identified
    state = visit_page(user=user, visit=visit, at=at).decision_state
    is_in_doubt = state == "asked" or (state != "kept" and can_decide and speaks_against(visit, user))
    is_confirmed = allowed and visit.identity_confirmed_at is not None
    return {
        "decision_state": state,
        "can_decide": can_decide,
        "can_keep": can_decide and is_in_doubt,
        "can_confirm": can_confirm,
        "parties": parties_of([visit])[visit.pk] if can_confirm else None,
        "can_withdraw_identity": is_confirmed and not is_confirmed_by_patient(visit),
        "can_match": allowed and visit.patient_id is None,
    }


def _week_asked_for(request: HttpRequest) -> Week:
    zone = zoneinfo.ZoneInfo(timezone.get_current_timezone_name())
    try:
        day = dt.date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        day = timezone.localdate()
    return week_of(day if day.year in YEARS else timezone.localdate(), zone)
