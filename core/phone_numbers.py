"""Phone numbers as people type them, and as the database holds them: E.164 digits without `+`."""

from __future__ import annotations

import functools
import importlib.resources
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

import phonenumbers
from django.utils.translation import gettext_lazy as _

from core.refusals import Invalid
from core.text.digits import ascii_digits
from core.text.lines import typed_line

# Letters would be read as a vanity number, and an extension takes no message.
_TYPED_NUMBER = re.compile(r"[+0-9 ()/.\-]{5,32}")
_NUMBER_SIGNS = re.compile(r"[+0-9 ()/.\-]*[0-9][+0-9 ()/.\-]*")
_SCHEME = re.compile(r"(?:tel|sips?|callto|sms):(?://)?([^;?@]*).*", re.IGNORECASE | re.DOTALL)
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_INTERNATIONAL_PREFIX = re.compile(r"[+( ]*00[) ]*")


class InvalidPhone(Invalid):
    code = "invalid_phone"
    message = _("This is not a phone number we can send a message to.")


def parse_phone(text: str, *, countries: Sequence[str]) -> str:
    """The number's digits. `countries` are the ISO codes that are served; empty means all.

    A number without a country code is understood only where one country alone is served.

    Raises: InvalidPhone.
    """
    text = plain_number(text)
    if not _TYPED_NUMBER.fullmatch(text):
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


def plain_number(text: str) -> str:
    """A number as typed, copied or linked, in ASCII: `+` for 00, neither direction marks nor `tel:` or `sip:`."""
    text = unicodedata.normalize("NFKC", typed_line(text))
    if link := _SCHEME.fullmatch(text):
        text = unquote(link[1])
    text = _DASHES.sub("-", ascii_digits(text)).strip()
    return _INTERNATIONAL_PREFIX.sub("+", text, count=1) if _INTERNATIONAL_PREFIX.match(text) else text


def digits_typed(text: str) -> str:
    """The digits of what may be a number or a part of one; empty where there is more in the text, or no digit."""
    text = plain_number(text)
    return re.sub(r"[^0-9]", "", text) if _NUMBER_SIGNS.fullmatch(text) else ""


def network_number(text: str, *, countries: Sequence[str]) -> str:
    """The digits of a caller's number: telephone networks also give it without its plus, or as at home.

    `countries` are those that one's own callers are likely to call from. Raises: InvalidPhone.
    """
    try:
        return parse_phone(text, countries=())
    except InvalidPhone:
        plain = plain_number(text)
        if not (plain.isdigit() and _TYPED_NUMBER.fullmatch(plain)):
            raise
    at_home = [_valid_digits(plain, country) for country in countries]
    digits = next((one for one in at_home if one), None) or _valid_digits(f"+{plain}", None)
    if digits is None:
        raise InvalidPhone
    return digits


def beginnings(digits: str, *, countries: Sequence[str]) -> list[str]:
    """How stored numbers may begin for digits as typed: with a country's code, or as at home in one of these."""
    regions = [phonenumbers.PhoneMetadata.metadata_for_region(country) for country in countries]
    national = [f"{one.country_code}{digits.removeprefix(one.national_prefix or '')}" for one in regions if one]
    return national if digits.startswith("0") else [digits, *national]


def country_of_zone(time_zone: str | None) -> str | None:
    """The ISO code of the country of an IANA time zone; None for one that belongs to none, such as UTC."""
    return _countries_by_zone().get(time_zone or "")


@functools.cache
def _countries_by_zone() -> dict[str, str]:
    table = (importlib.resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


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


def _valid_digits(plain: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    is_valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:] if is_valid else None


def _is_served(number: phonenumbers.PhoneNumber, countries: Sequence[str]) -> bool:
    if not countries:
        return True
    region = phonenumbers.region_code_for_number(number)
    sharing = [region] if region else phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return not set(countries).isdisjoint(sharing)
