"""Pages of the staff's own access, below `/staff/`."""

from __future__ import annotations

from django.urls import path

from accounts.views import password, profile, second_factor, sign_in

urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    path("login/code/", sign_in.sign_in_code, name="login-code"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("profile/", profile.profile, name="profile"),
    path("password/", password.change_password, name="password"),
    path("password/forgot/", password.forgot_password, name="forgot-password"),
    path("password/set/", password.set_password, name="set-password"),
    path("second-factor/", second_factor.second_factor, name="second-factor"),
    path("second-factor/recovery-codes/", second_factor.recovery_codes, name="recovery-codes"),
    path("second-factor/remove/", second_factor.remove, name="second-factor-remove"),
]
