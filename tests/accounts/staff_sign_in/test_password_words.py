from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import Profile, Role, User
from accounts.staff_sign_in.password_words import OwnWordsValidator
from tests.cast import HospitalCast, make_staff


@pytest.fixture
def doctor(north: HospitalCast) -> User:
    return make_staff(
        north.hospital, Role.DOCTOR, "siobhan.de.la@north.test", "Dr. Siobh\u00e1n O'Br\u00eden-M\u00fcller"
    )


@pytest.mark.parametrize("password", ["siobhan-brien-1", "xx-SIOBH\u00c1N-77", "my-muller-key", "the-BRIEN-way-1"])
def test_words_of_name_and_email_are_refused(password: str, doctor: User) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, doctor)
    assert "password_holds_own_words" in [error.code for error in refused.value.error_list]


@pytest.mark.parametrize("password", ["correct horse battery", "de-la-ladela-4711"])
def test_others_and_short_parts_are_not(password: str, doctor: User) -> None:
    OwnWordsValidator().validate(password, doctor)
    OwnWordsValidator().validate(password)


def test_a_person_without_a_name_has_an_email(doctor: User) -> None:
    Profile.objects.filter(user=doctor).delete()
    with pytest.raises(ValidationError):
        OwnWordsValidator().validate("siobhan-brien-1", User.objects.get(pk=doctor.pk))
