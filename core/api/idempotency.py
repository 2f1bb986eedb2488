"""`Idempotency-Key`, by which an app says that it sends the same request again, as after a lost answer."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from core.refusals import Invalid

# In the header of an answer to a request that was made before.
REPLAYED = {"Idempotent-Replayed": "true"}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SHAPE = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}


class IdempotencyKeyRequired(Invalid):
    code = "idempotency_key_required"
    message = _("Send an Idempotency-Key of 1 to 255 visible characters, new for each request.")


def presented_key(request: Request, *, required: bool = False) -> str | None:
    """The request's key; None where it has none and needs none. Raises: IdempotencyKeyRequired."""
    key = request.headers.get("Idempotency-Key")
    if key is None and not required:
        return None
    if not _KEY.fullmatch(key or ""):
        raise IdempotencyKeyRequired
    return key


def key_parameter(*, required: bool, remembered: str = "24 hours") -> OpenApiParameter:
    return OpenApiParameter(
        "Idempotency-Key",
        _SHAPE,
        OpenApiParameter.HEADER,
        required=required,
        description=f"New for each wish of the person, the same when it is sent again. Remembered for {remembered}.",
    )


def replayed_header(*statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Idempotent-Replayed",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=list(statuses),
        enum=["true"],
        description="There where the key was used before, and this is what became of it.",
    )
