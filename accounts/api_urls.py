from __future__ import annotations

from django.urls import path

from accounts.codes import api
from accounts.own_data.api import ErasureCodeView, ErasureView, ExportView
from accounts.people.api import DeviceListView, DeviceView, LogoutAllView, LogoutView, MeView

urlpatterns = [
    path("auth/otp/request/", api.OtpRequestView.as_view()),
    path("auth/otp/verify/", api.OtpVerifyView.as_view()),
    path("auth/step-up/", api.StepUpView.as_view()),
    path("auth/phone/", api.PhoneView.as_view()),
    path("auth/devices/", DeviceListView.as_view()),
    path("auth/devices/<uuid:device_id>/", DeviceView.as_view()),
    path("auth/logout/", LogoutView.as_view()),
    path("auth/logout-all/", LogoutAllView.as_view()),
    path("me/", MeView.as_view()),
    path("me/export/", ExportView.as_view()),
    path("me/erase/", ErasureView.as_view()),
    path("me/erase/code/", ErasureCodeView.as_view()),
]
