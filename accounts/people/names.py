"""How a person is shown: name, age, phone. No queries: the rows come with their profile selected."""

from __future__ import annotations

import datetime as dt

import phonenumbers
from django.utils.translation import gettext as _

from accounts.models import User


def full_name(user: User) -> str:
    profile = getattr(user, "profile", None)
    return profile.full_name if profile else ""


def patient_name(user: User | None) -> str:
    """A patient gives a name after the first sign-in, and may not have yet."""
    return (full_name(user) if user else "") or _("Patient without a name")


def age_on(born: dt.date | None, today: dt.date) -> int | None:
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def display_phone(digits: str) -> str:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
