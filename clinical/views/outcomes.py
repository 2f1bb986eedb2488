from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from clinical.actions.refusals import AlreadyClaimed, NotFound


def tell(request: HttpRequest, refused: Refused) -> None:
    """Say why something was refused. What a person may not see is not there: 404."""
    if isinstance(refused, NotFound):
        raise Http404 from None
    if isinstance(refused, AlreadyClaimed) and refused.holder:
        messages.warning(request, _("%(name)s already has this prescription.") % {"name": refused.holder})
    else:
        messages.warning(request, str(refused.message))
