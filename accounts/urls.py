"""Pages of the staff's own access, below `/staff/`."""

from __future__ import annotations

from django.urls import path

from accounts.people import views as profile
from accounts.staff_sign_in import password_views, second_factor_views
from accounts.staff_sign_in import views as sign_in

urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    path("login/code/", sign_in.sign_in_code, name="login-code"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("profile/", profile.profile, name="profile"),
    path("password/", password_views.change_password, name="password"),
    path("password/forgot/", password_views.forgot_password, name="forgot-password"),
    path("password/set/", password_views.set_password, name="set-password"),
    path("second-factor/", second_factor_views.second_factor, name="second-factor"),
    path("second-factor/recovery-codes/", second_factor_views.recovery_codes, name="recovery-codes"),
    path("second-factor/remove/", second_factor_views.remove, name="second-factor-remove"),
]
