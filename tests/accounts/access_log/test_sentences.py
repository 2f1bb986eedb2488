from __future__ import annotations

import pytest

from accounts.access_log.record import AccessAction
from accounts.access_log.sentences import KINDS, ROLES, SENTENCES, Named, sentence
from accounts.models import AccessEvent, Role

EVERYBODY = Named(actor="Dora North", patient="Paula Patient", other="Pia North")


def test_every_action_has_words_and_no_other() -> None:
    assert set(SENTENCES) == set(AccessAction)
    for action in AccessAction:
        said = sentence(AccessEvent(action=action), EVERYBODY)
        assert said[0].isupper(), action
        assert said.endswith("."), action
        assert "%" not in said, action


def test_every_role_has_words() -> None:
    assert set(ROLES) == {*Role.values, "OPERATOR", "SYSTEM"}


def test_kinds_are_of_actions_there_are() -> None:
    assert {action for _text, actions in KINDS.values() for action in actions} <= set(AccessAction)


@pytest.mark.parametrize(
    ("action", "named", "said"),
    [
        ("opened_patient", EVERYBODY, "Dora North opened the record of Paula Patient."),
        ("released_lockout", EVERYBODY, "Dora North unlocked the sign-in of Pia North."),
        ("opened_visit", Named(actor="Dora North"), "Dora North opened an appointment of a patient."),
        ("denied_prescription", Named(patient="Paula"), "Wardbook rejected a prescription of Paula."),
        ("of_a_later_version", EVERYBODY, "Dora North: of_a_later_version"),
    ],
)
def test_lines_are_sentences(action: str, named: Named, said: str) -> None:
    assert sentence(AccessEvent(action=action), named) == said
