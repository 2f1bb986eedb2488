from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("config.api")),
    path("", RedirectView.as_view(pattern_name="staff:home")),
    path("admin/", admin.site.urls),
    path("staff/", include("clinical.urls")),
    path("webhooks/", include("integrations.urls")),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.server_error"
