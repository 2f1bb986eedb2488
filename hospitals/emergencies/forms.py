"""What patients are told in an emergency, and at which words: in the hospital's own page and the operator's."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.permissions import Permission, has_permission
from hospitals.admin.base import acting_user
from hospitals.emergencies.actions import (
    LEAST_LETTERS,
    LONGEST_PHRASE,
    MOST_PHRASES,
    is_usable,
    phrases_of,
    save_emergency_answer,
)
from hospitals.models import Hospital

# As much as somebody reads in need.
LONGEST_TEXT = 500
TEXT_LABEL = lazy("What patients are told in an emergency")
TEXT_HELP = lazy("In the app at once, and by the assistant on the phone. Empty: to call the local emergency number.")
WORDS_LABEL = lazy("Words of an emergency")
WORDS_HELP = lazy(
    "One a line, such as the number or name of your ambulance. A message in the app that holds one never goes to the"
    " assistant. Common words in several languages, such as chest pain, are always looked for: no need to write them."
)


def clean_words(text: str | None) -> str | None:
    """Raises: ValidationError."""
    phrases = phrases_of(text)
    if len(phrases) > MOST_PHRASES:
        raise ValidationError(_("At most %(most)d lines.") % {"most": MOST_PHRASES}, code="too_many")
    if unusable := [one for one in phrases if not is_usable(one)]:
        limits = {"phrase": unusable[0][:LONGEST_PHRASE], "least": LEAST_LETTERS, "most": LONGEST_PHRASE}
        raise ValidationError(
            _("“%(phrase)s”: a line has at least %(least)d letters or digits, and at most %(most)d signs.") % limits,
            code="unusable",
        )
    return "\n".join(phrases) or None


class EmergencyForm(forms.Form):
    text = forms.CharField(
        label=TEXT_LABEL,
        help_text=TEXT_HELP,
        required=False,
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    words = forms.CharField(
        label=WORDS_LABEL,
        help_text=WORDS_HELP,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}),
    )

    def clean_words(self) -> str:
        return clean_words(self.cleaned_data["words"]) or ""


def emergencies_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    user = acting_user(request)
    if user.hospital_id is None or not has_permission(user, Permission.MANAGE_EMERGENCIES, hospital=user.hospital_id):
        raise PermissionDenied
    hospital = Hospital.objects.for_user(user).get(pk=user.hospital_id)
    before = {"text": hospital.emergency_text or "", "words": hospital.emergency_words or ""}
    form = EmergencyForm(request.POST if request.method == "POST" else None, initial=before)
    if form.is_valid():
        save_emergency_answer(hospital_id=hospital.pk, by=user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Saved. It holds for the next message."))
        return redirect("admin:emergencies")
    context = {**site.each_context(request), "form": form, "hospital": hospital, "title": _("Emergencies")}
    return TemplateResponse(request, "admin/hospitals/emergencies.html", context)
