from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.codes.issue import Binding, make_code, mask, matches, unmask

# No deadline: a busy machine is not a failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

codes = st.integers(1000, 9999)
keys = st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True)
bindings = st.builds(
    Binding,
    challenge_id=st.uuids(),
    number=st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True),
    purpose=st.sampled_from(["sign_in", "change_phone"]),
)


@given(code=codes, binding=bindings, keys=keys)
def test_a_mask_stays_in_range_and_comes_off(code: int, binding: Binding, keys: list[str]) -> None:
    masked = mask(code, binding, keys=keys)
    assert 1000 <= masked <= 9999
    assert unmask(masked, binding, keys=keys) == code
    assert matches(masked, str(code), binding, keys=keys)


@given(code=codes, binding=bindings, keys=keys, new_key=st.text(min_size=1))
def test_a_code_of_an_older_key_still_verifies(code: int, binding: Binding, keys: list[str], new_key: str) -> None:
    assert matches(mask(code, binding, keys=keys), str(code), binding, keys=[new_key, *keys])


@given(code=codes, given_code=st.text(), binding=bindings, keys=keys)
def test_nothing_but_the_code_matches(code: int, given_code: str, binding: Binding, keys: list[str]) -> None:
    masked = mask(code, binding, keys=keys)
    assert matches(masked, given_code, binding, keys=keys[:1]) == (given_code == str(code))


@given(first=codes, second=codes, binding=bindings)
def test_different_codes_never_share_a_mask(first: int, second: int, binding: Binding) -> None:
    masks = [mask(code, binding, keys=["key"]) for code in (first, second)]
    assert (masks[0] == masks[1]) == (first == second)


def test_a_mask_is_bound_to_challenge_number_and_purpose() -> None:
    bound = Binding(uuid.UUID(int=1), "436601234567", "sign_in")
    others = [
        Binding(uuid.UUID(int=2), "436601234567", "sign_in"),
        Binding(uuid.UUID(int=1), "436601234568", "sign_in"),
        Binding(uuid.UUID(int=1), "436601234567", "change_phone"),
    ]
    masked = mask(1234, bound, keys=["key"])
    assert [matches(masked, "1234", other, keys=["key"]) for other in others] == [False, False, False]


def test_codes_are_of_four_digits() -> None:
    assert all(1000 <= make_code() <= 9999 for _ in range(2000))
