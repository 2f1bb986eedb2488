from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from accounts.models import User
from accounts.staff_sign_in.second_factor import add_second_factor
from tests.accounts.staff_sign_in.authenticator import KEY, code_at
from tests.accounts.staff_sign_in.second_step import NOW, STEP
from tests.cast import HospitalCast


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def protected(north: HospitalCast, clock: time_machine.Traveller) -> tuple[User, list[str]]:
    """The doctor with a second factor, and the recovery codes; its first code is used up."""
    user = north.doctor.user
    codes = add_second_factor(by=user, key=KEY, code=code_at(NOW), at=NOW)
    clock.shift(STEP * 2)
    return user, codes
