"""How a person is shown: name, age, phone. No queries: the rows come with their profile selected."""

from __future__ import annotations

import datetime as dt

import phonenumbers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User


def full_name(user: User) -> str:
    profile = getattr(user, "profile", None)
    return profile.full_name if profile else ""


def patient_name(user: User | None) -> str:
    """A patient gives a name after the first sign-in, and may not have yet."""
    return (full_name(user) if user else "") or _("Patient without a name")


def age_text(born: dt.date | None, today: dt.date) -> str:
    """Days to the age of 4 weeks, weeks to 3 months, months to 2 years, then years. Empty where it is not known."""
    if born is None:
        return ""
    days = max((today - born).days, 0)
    months = 12 * (today.year - born.year) + today.month - born.month - (today.day < born.day)
    if days < 28:
        return ngettext("%(count)d day old", "%(count)d days old", days) % {"count": days}
    if months < 3:
        return ngettext("%(count)d week old", "%(count)d weeks old", days // 7) % {"count": days // 7}
    if months < 24:
        return ngettext("%(count)d month old", "%(count)d months old", months) % {"count": months}
    return ngettext("%(count)d year old", "%(count)d years old", months // 12) % {"count": months // 12}


def display_phone(digits: str) -> str:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
