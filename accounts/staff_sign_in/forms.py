from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.staff_sign_in.password import MAX_PASSWORD_LENGTH, prove_own_password
from core.form_fields import LineField
from core.text.lines import typed_email

MAX_NAME_LENGTH = 200


class SignInForm(forms.Form):
    email = forms.CharField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=MAX_PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        return typed_email(self.cleaned_data["email"])


class EmailForm(forms.Form):
    email = forms.CharField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )

    def clean_email(self) -> str:
        email = typed_email(self.cleaned_data["email"])
        if "\x00" in email:
            raise forms.ValidationError(_("Enter an email address."), code="invalid")
        return email


class LinkForm(forms.Form):
    """A mailed link, of which a script fills in the part that opens it; without scripts it is pasted."""

    link = forms.CharField(
        label=_("The link from the mail"),
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-link": ""}),
    )

    def clean_link(self) -> str:
        return str(self.cleaned_data["link"]).rpartition("#")[2]


class _UserForm(forms.Form):
    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user


class OwnNameForm(_UserForm):
    full_name = LineField(
        label=_("Full name"),
        max_length=MAX_NAME_LENGTH,
        help_text=_("As colleagues and patients read it, with your title if you use one."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        profile = getattr(user, "profile", None)
        self.fields["full_name"].initial = profile.full_name if profile else ""

    def clean_full_name(self) -> str:
        name: str = self.cleaned_data["full_name"]
        if not any(character.isalpha() for character in name):
            raise forms.ValidationError(_("Write the name with letters, on one line."), code="invalid_name")
        return name


class ChosenPasswordForm(_UserForm):
    """A new password, twice."""

    new_password = forms.CharField(
        label=_("New password"),
        max_length=MAX_PASSWORD_LENGTH,
        strip=False,
        help_text=_("At least 10 characters, not a common one, nothing from your name or email."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password_again = forms.CharField(
        label=_("New password again"),
        max_length=MAX_PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        if password == self.data.get("current_password"):
            raise forms.ValidationError(_("Choose one you have not used here before."), code="same_password")
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        new, again = cleaned.get("new_password"), cleaned.get("new_password_again")
        if new and again and new != again:
            self.add_error(
                "new_password_again", forms.ValidationError(_("The two do not match."), code="password_mismatch")
            )
        return cleaned


class OwnPasswordForm(_UserForm):
    """The present password: asked before what a stolen session must not do."""

    current_password = forms.CharField(
        label=_("Current password"),
        max_length=MAX_PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if not prove_own_password(user=self.user, password=password, at=timezone.now()):
            text = _("This is not your current password. After 5 wrong ones it is not looked at for 15 minutes.")
            raise forms.ValidationError(text, code="wrong_password")
        return password


class NewPasswordForm(ChosenPasswordForm, OwnPasswordForm):
    """The present password, and a new one twice."""

    field_order = ("current_password", "new_password", "new_password_again")


class CodeForm(forms.Form):
    """A code of the authenticator app; at sign-in, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "autofocus": True}),
    )


class AddSecondFactorForm(OwnPasswordForm, CodeForm):
    field_order = ("code", "current_password")
