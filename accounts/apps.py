from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and sign-in"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from accounts.staff_sign_in.sessions import stamp_session

        # A signal, so that whatever signs a person in stamps the session: an unstamped one counts as ended.
        user_logged_in.connect(stamp_session, dispatch_uid="accounts.staff_sign_in.sessions")
