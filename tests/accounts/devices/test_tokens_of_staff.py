from __future__ import annotations

import re

import pytest
from rest_framework.test import APIClient

from accounts.models import DeviceToken, User
from tests.cast import PASSWORD, HospitalCast
from tests.permissions import routes_app
from tests.permissions.table import Role, Row

pytestmark = pytest.mark.usefixtures("nothing_leaves")

# What a patient needs a token for.
GUARDED = [row for row in routes_app.ROWS if row.is_api and row.answers[Role.ANONYMOUS] == 401]


@pytest.mark.parametrize("who", ["doctor", "pharmacist", "admin", "operator"])
def test_a_token_of_anybody_but_a_patient_opens_nothing(north: HospitalCast, who: str) -> None:
    """None is ever given out; one that another program wrote is worth nothing."""
    people = {"doctor": north.doctor.user, "pharmacist": north.pharmacist.user, "admin": north.admin}
    user = people.get(who) or User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    _, token = DeviceToken.objects.create(user=user)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert {answer(api, row) for row in GUARDED} <= {401, 403}
    assert DeviceToken.objects.filter(user=user).count() == 1


def answer(api: APIClient, row: Row) -> int:
    address = "/" + re.sub("<(?:id|uuid):[a-z_]+>", "00000000-0000-4000-8000-000000000000", row.route)
    status: int = getattr(api, row.method.lower())(address).status_code
    return status
