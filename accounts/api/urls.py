from __future__ import annotations

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/otp/request/", views.OtpRequestView.as_view()),
    path("auth/otp/verify/", views.OtpVerifyView.as_view()),
    path("auth/devices/", views.DeviceListView.as_view()),
    path("auth/devices/<uuid:device_id>/", views.DeviceView.as_view()),
    path("auth/logout/", views.LogoutView.as_view()),
    path("auth/logout-all/", views.LogoutAllView.as_view()),
    path("me/", views.MeView.as_view()),
]
