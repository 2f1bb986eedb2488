"""Hospital North with its staff, as the tests' cast has them."""

from __future__ import annotations

import django


def seed() -> None:
    # Models can be imported once the settings are read.
    from tests.cast import make_hospital

    make_hospital("North", time_zone="Europe/Vienna")


if __name__ == "__main__":
    django.setup()
    seed()
