"""Phone numbers as people type them, and as the database holds them: E.164 digits without `+`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import phonenumbers
from django.utils.translation import gettext_lazy as _

from core.refusals import Invalid

# Letters would be read as a vanity number, and an extension takes no message.
_TYPED_NUMBER = re.compile(r"[+0-9 ()/.\-]{5,32}")


class InvalidPhone(Invalid):
    code = "invalid_phone"
    message = _("This is not a phone number we can send a message to.")


def parse_phone(text: str, *, countries: Sequence[str]) -> str:
    """The number's digits. `countries` are the ISO codes that are served; empty means all.

    A number without a country code is understood only where one country alone is served.

    Raises: InvalidPhone.
    """
    if not _TYPED_NUMBER.fullmatch(text.strip()):
        raise InvalidPhone
    try:
        number = phonenumbers.parse(text, countries[0] if len(countries) == 1 else None)
    except phonenumbers.NumberParseException:
        raise InvalidPhone from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or not _is_served(number, countries):
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def is_valid_phone(digits: str) -> bool:
    """Whether a network could have given out the number. One that is only possible gets our messages all the same."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def country_of(digits: str) -> str:
    """The ISO code of the number's country; of one that several share and none claims, the calling code, as `+1`."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return "unknown"
    return phonenumbers.region_code_for_number(number) or f"+{number.country_code}"


def is_served(digits: str, *, countries: Sequence[str]) -> bool:
    """Whether messages go to the number's country. `countries` as in `parse_phone`."""
    try:
        return _is_served(phonenumbers.parse(f"+{digits}"), countries)
    except phonenumbers.NumberParseException:
        return False


def shown_phone(digits: str | None) -> str | None:
    return f"+{digits}" if digits else None


def _is_served(number: phonenumbers.PhoneNumber, countries: Sequence[str]) -> bool:
    if not countries:
        return True
    region = phonenumbers.region_code_for_number(number)
    sharing = [region] if region else phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return not set(countries).isdisjoint(sharing)
