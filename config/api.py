"""Everything under `/api/`: the patients' calls, their description, and a page to read it."""

from __future__ import annotations

from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

_public: dict[str, Any] = {"authentication_classes": [], "permission_classes": []}
# Swagger UI sets inline styles; its start-up script comes as a file of its own, so scripts need nothing more.
_docs = csp_update({"style-src": [UNSAFE_INLINE]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", **_public)
)

urlpatterns = [
    path("v1/", include("clinical.api_urls")),
    path("v1/", include("accounts.api_urls")),
    path("v1/", include("hospitals.api_urls")),
    path("schema/", SpectacularAPIView.as_view(**_public), name="api-schema"),
    path("docs/", _docs, name="api-docs"),
]
