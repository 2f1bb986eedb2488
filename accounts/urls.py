"""Pages of the staff's own access, below `/staff/`."""

from __future__ import annotations

from django.urls import path

from accounts.staff_sign_in import views

urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("login/code/", views.sign_in_code, name="login-code"),
    path("session/", views.session, name="session"),
    path("logout/", views.sign_out, name="logout"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.change_password, name="password"),
    path("password/forgot/", views.forgot_password, name="forgot-password"),
    path("password/set/", views.set_password, name="set-password"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/recovery-codes/", views.recovery_codes, name="recovery-codes"),
    path("second-factor/remove/", views.remove, name="second-factor-remove"),
]
