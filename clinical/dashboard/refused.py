from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from clinical.refusals import AlreadyClaimed, NotFound
from core.refusals import Refused


@contextmanager
def outcome_told(request: HttpRequest, done: str, *, undo: str = "") -> Iterator[None]:
    """Say that the action inside is done, or why it was refused. `undo` is where the message's button takes it back."""
    try:
        yield
    except Refused as refused:
        tell(request, refused)
    else:
        messages.success(request, done, extra_tags=undo)


def tell(request: HttpRequest, refused: Refused) -> None:
    """Say why something was refused. What a person may not see is not there: 404."""
    if isinstance(refused, NotFound):
        raise Http404 from None
    if isinstance(refused, AlreadyClaimed) and refused.holder:
        messages.warning(request, _("%(name)s already has this prescription.") % {"name": refused.holder})
    else:
        messages.warning(request, str(refused.message))
