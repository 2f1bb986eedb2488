"""What patients are told in an emergency, and at which words: in the hospital's own page and the operator's."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from hospitals.emergencies.actions import LEAST_LETTERS, LONGEST_PHRASE, MOST_PHRASES, is_usable, phrases_of

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
