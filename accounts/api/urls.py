from __future__ import annotations

from django.urls import path

from accounts.api import own_data_views, views
from accounts.codes import api

urlpatterns = [
    path("auth/otp/request/", api.OtpRequestView.as_view()),
    path("auth/otp/verify/", api.OtpVerifyView.as_view()),
    path("auth/step-up/", api.StepUpView.as_view()),
    path("auth/phone/", api.PhoneView.as_view()),
    path("auth/devices/", views.DeviceListView.as_view()),
    path("auth/devices/<uuid:device_id>/", views.DeviceView.as_view()),
    path("auth/logout/", views.LogoutView.as_view()),
    path("auth/logout-all/", views.LogoutAllView.as_view()),
    path("me/", views.MeView.as_view()),
    path("me/export/", own_data_views.ExportView.as_view()),
    path("me/erase/", own_data_views.ErasureView.as_view()),
    path("me/erase/code/", own_data_views.ErasureCodeView.as_view()),
]
