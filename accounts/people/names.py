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
    count, unit = _age(born, today)
    match unit:
        case "d":
            said = ngettext("%(count)d day old", "%(count)d days old", count)
        case "wk":
            said = ngettext("%(count)d week old", "%(count)d weeks old", count)
        case "mo":
            said = ngettext("%(count)d month old", "%(count)d months old", count)
        case _:
            said = ngettext("%(count)d year old", "%(count)d years old", count)
    return said % {"count": count}


def short_age(born: dt.date | None, today: dt.date) -> str:
    """As `age_text`, for a narrow column: `9 d`, `7 wk`, `18 mo`, `45 y`."""
    return "" if born is None else "{} {}".format(*_age(born, today))


def _age(born: dt.date, today: dt.date) -> tuple[int, str]:
    days = max((today - born).days, 0)
    months = 12 * (today.year - born.year) + today.month - born.month - (today.day < born.day)
    if days < 28:
        return days, "d"
    if months < 3:
        return days // 7, "wk"
    return (months, "mo") if months < 24 else (months // 12, "y")


def display_phone(digits: str) -> str:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
