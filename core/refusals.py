"""A foreseen "no": named exceptions with a stable code and a message for the person. Interfaces translate the kind."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.rate_windows import Limit


class Refused(Exception):
    """`code` is part of the API; `message` may be shown. Neither ever holds personal data."""

    code: ClassVar[str] = "refused"
    message: str | Promise = _("This cannot be done.")
    # When it is worth asking again.
    retry_after_seconds: int | None = None

    def __init__(self) -> None:
        super().__init__(self.code)


class Invalid(Refused):
    """What was asked for makes no sense, whatever the state of things."""


class Forbidden(Refused):
    """Whoever asks may not, as things are."""


class NotPermitted(Forbidden, PermissionDenied):
    """What the person's role does not do, or not there. Where nobody says it in words, Django answers 403."""

    code = "not_permitted"
    message = _("Your role does not do this.")


class NotFound(Refused, Http404):
    """There is no such record, or none that this person may see. Where nobody says it in words, Django answers 404."""

    code = "not_found"
    message = _("There is no such record.")


class Conflict(Refused):
    """What was asked for makes sense, but not now."""


class PersonErased(Conflict):
    """Nothing new is written about somebody who was erased."""

    code = "person_erased"
    message = _("This person has been erased: nothing new can be put on file.")


class Contradiction(Refused):
    """What was asked for contradicts what the same client said before."""


class Unavailable(Refused):
    """What it takes is not there for now; nothing is wrong with what was asked for."""


class TooOften(Refused):
    """Asked again too soon. `retry_after_seconds` says when it may be asked again, `limit` what it went beyond."""

    code = "too_many_requests"
    message = _("Please wait a moment before you try again.")
    # What the limit is called in the API's `RateLimit` field.
    policy: ClassVar[str] = "requests"

    retry_after_seconds: int

    def __init__(self, retry_after_seconds: int, limit: Limit | None = None) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds
        self.limit = limit
