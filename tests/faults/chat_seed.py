"""A patient who is signed in. Prints the token."""

from __future__ import annotations

import django


def seed() -> str:
    # Models can be imported once the settings are read.
    from accounts.models import DeviceToken
    from tests.cast import make_patient

    _row, token = DeviceToken.objects.create(user=make_patient("436605512345", "Paula Patient").user)
    return str(token)


if __name__ == "__main__":
    django.setup()
    print(seed())
