from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role, User
from accounts.refusals import Refused
from clinical.actions import refusals
from clinical.actions.prescriptions import (
    DispensedLine,
    approve_prescription,
    claim_prescription,
    deny_prescription,
    dispense_prescription,
    prescribe,
    release_prescription,
    undo_dispensing,
    withdraw_prescription,
)
from clinical.actions.questions import answer_pharmacist, ask_prescriber
from clinical.models import Prescription, PrescriptionMessage
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import MEDICATION, make_prescription, make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
LINES = [DispensedLine(quantity=30, batch="B-1")]


@pytest.fixture
def colleague(north: HospitalCast) -> User:
    user = make_staff(north.hospital, Role.PHARMACIST, "second@north.test", "Paul North")
    Pharmacist.objects.create(user=user, hospital=north.hospital)
    return user


@pytest.fixture
def waiting(north: HospitalCast, patient: Patient) -> Prescription:
    return make_prescription(north.doctor, patient)


@pytest.fixture
def mine(waiting: Prescription, north: HospitalCast) -> Prescription:
    return claim_prescription(prescription_id=waiting.pk, by=north.pharmacist.user, at=NOW)


@pytest.fixture
def approved(mine: Prescription, north: HospitalCast) -> Prescription:
    return approve_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW)


def actions_on_record() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("action", flat=True))


def assert_refused(wanted: type[Refused], prescription: Prescription, call: Callable[[], object]) -> None:
    before = Prescription.objects.values().get(pk=prescription.pk)
    events = actions_on_record()
    with pytest.raises(wanted):
        call()
    assert Prescription.objects.values().get(pk=prescription.pk) == before
    assert actions_on_record() == events


def test_prescribing_writes_the_prescription_and_the_record(north: HospitalCast, patient: Patient) -> None:
    make_visit(north.doctor, patient, NOW)
    wish = uuid.uuid4()
    for _ in range(2):  # the same form twice
        prescription = prescribe(
            by=north.doctor.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW, prescription_id=wish
        )
    prescription.refresh_from_db()
    assert (prescription.pk, prescription.status) == (wish, "PENDING")
    assert (prescription.hospital_id, prescription.doctor_id) == (north.hospital.pk, north.doctor.pk)
    assert prescription.medications[0]["name"] == "Ramipril"
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.object_id) == ("prescribed", patient.pk, str(wish))


@pytest.mark.parametrize("match", [None, "phone"])
def test_nothing_is_prescribed_for_a_closed_record(match: str | None, north: HospitalCast, patient: Patient) -> None:
    if match:
        make_visit(north.doctor, patient, NOW, patient_match=match)
    with pytest.raises(refusals.RecordNotOpen):
        prescribe(by=north.doctor.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW)
    assert not Prescription.objects.exists()
    assert not AccessEvent.objects.exists()


def test_a_pharmacist_does_not_prescribe(north: HospitalCast, patient: Patient) -> None:
    with pytest.raises(refusals.NotPermitted):
        prescribe(by=north.pharmacist.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW)
    assert not Prescription.objects.exists()


def test_the_way_of_a_prescription(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    assert (approved.status, approved.decided_at, approved.claimed_at) == ("APPROVED", NOW, NOW)
    done = dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    assert (done.status, done.dispensed_lines) == ("COMPLETED", [{"quantity": 30, "batch": "B-1"}])
    assert done.completed_at is not None
    undone = undo_dispensing(prescription_id=approved.pk, by=by, at=done.completed_at)
    undone.refresh_from_db()
    assert (undone.status, undone.completed_at, undone.dispensed_lines) == ("APPROVED", None, None)
    assert undone.decided_at == NOW
    assert actions_on_record() == [
        "claimed_prescription",
        "approved_prescription",
        "dispensed_prescription",
        "undid_dispensing",
    ]


def test_a_colleague_is_told_who_has_it(mine: Prescription, colleague: User) -> None:
    with pytest.raises(refusals.AlreadyClaimed) as refused:
        claim_prescription(prescription_id=mine.pk, by=colleague, at=NOW)
    assert refused.value.holder == "Pia North"
    assert str(refused.value) == "already_claimed"


def test_claiming_ones_own_again_changes_nothing(mine: Prescription, north: HospitalCast) -> None:
    later = claim_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW + dt.timedelta(hours=1))
    assert later.claimed_at == NOW
    assert actions_on_record() == ["claimed_prescription"]


def test_a_released_one_can_be_claimed_by_another(mine: Prescription, north: HospitalCast, colleague: User) -> None:
    release_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW)
    assert claim_prescription(prescription_id=mine.pk, by=colleague, at=NOW).pharmacist_id == colleague.pk


def test_denying_needs_a_pharmacists_reason(mine: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    for reason, note in [("", ""), ("withdrawn", ""), ("expired", ""), ("other", "  ")]:

        def deny(reason: str = reason, note: str = note) -> object:
            return deny_prescription(prescription_id=mine.pk, by=by, reason=reason, note=note, at=NOW)

        assert_refused(refusals.ReasonMissing, mine, deny)
    denied = deny_prescription(prescription_id=mine.pk, by=by, reason="other", note=" Recall. ", at=NOW)
    assert (denied.status, denied.denial_reason, denied.denial_note) == ("DENIED", "other", "Recall.")


def test_an_approved_one_can_still_be_denied(approved: Prescription, north: HospitalCast) -> None:
    denied = deny_prescription(prescription_id=approved.pk, by=north.pharmacist.user, reason="out_of_stock", at=NOW)
    assert denied.status == "DENIED"


@pytest.mark.parametrize("state", ["waiting", "mine", "approved"])
def test_the_prescriber_withdraws_what_is_open(state: str, request: pytest.FixtureRequest, north: HospitalCast) -> None:
    prescription = request.getfixturevalue(state)
    gone = withdraw_prescription(prescription_id=prescription.pk, by=north.doctor.user, at=NOW)
    assert (gone.status, gone.denial_reason, gone.decided_at) == ("DENIED", "withdrawn", NOW)


def test_what_is_dispensed_is_not_withdrawn(approved: Prescription, north: HospitalCast) -> None:
    dispense_prescription(prescription_id=approved.pk, by=north.pharmacist.user, lines=LINES, at=NOW)
    assert_refused(
        refusals.WrongState,
        approved,
        lambda: withdraw_prescription(prescription_id=approved.pk, by=north.doctor.user, at=NOW),
    )


def test_undo_is_refused_after_five_minutes_by_our_clock_and_the_databases(
    approved: Prescription, north: HospitalCast
) -> None:
    by = north.pharmacist.user
    dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    late = timezone.now() + dt.timedelta(minutes=6)
    assert_refused(
        refusals.UndoWindowPassed,
        approved,
        lambda: undo_dispensing(prescription_id=approved.pk, by=by, at=late),
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions SET completed_at = now() - interval '6 minutes'")
    early = timezone.now() - dt.timedelta(minutes=3)  # a web server whose clock is behind
    assert_refused(
        refusals.UndoWindowPassed,
        approved,
        lambda: undo_dispensing(prescription_id=approved.pk, by=by, at=early),
    )


@pytest.mark.parametrize("lines", [[], LINES * 2, [DispensedLine(0, "B")], [DispensedLine(1, " ")]])
def test_dispensing_needs_each_line(lines: list[DispensedLine], approved: Prescription, north: HospitalCast) -> None:
    assert_refused(
        refusals.LinesDoNotMatch,
        approved,
        lambda: dispense_prescription(prescription_id=approved.pk, by=north.pharmacist.user, lines=lines, at=NOW),
    )


PHARMACISTS_MOVES: list[Callable[[uuid.UUID, User], object]] = [
    lambda pk, by: release_prescription(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: approve_prescription(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: deny_prescription(prescription_id=pk, by=by, reason="dose", at=NOW),
    lambda pk, by: dispense_prescription(prescription_id=pk, by=by, lines=LINES, at=NOW),
    lambda pk, by: undo_dispensing(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: ask_prescriber(prescription_id=pk, by=by, text="?", at=NOW),
]


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_what_a_colleague_holds_is_left_alone(
    act: Callable[[uuid.UUID, User], object], mine: Prescription, colleague: User
) -> None:
    assert_refused(refusals.NotTheirs, mine, lambda: act(mine.pk, colleague))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_what_nobody_holds_is_claimed_first(
    act: Callable[[uuid.UUID, User], object], waiting: Prescription, north: HospitalCast
) -> None:
    assert_refused(refusals.NotClaimed, waiting, lambda: act(waiting.pk, north.pharmacist.user))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_another_hospitals_prescription_is_not_there(
    act: Callable[[uuid.UUID, User], object], waiting: Prescription, south: HospitalCast
) -> None:
    assert_refused(refusals.NotFound, waiting, lambda: act(waiting.pk, south.pharmacist.user))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
@pytest.mark.parametrize("role", ["doctor", "admin", "patient"])
def test_other_roles_do_not_do_a_pharmacists_work(
    act: Callable[[uuid.UUID, User], object],
    role: str,
    mine: Prescription,
    north: HospitalCast,
    patient: Patient,
) -> None:
    by = {"doctor": north.doctor.user, "admin": north.admin, "patient": patient.user}[role]
    assert_refused(refusals.NotPermitted, mine, lambda: act(mine.pk, by))


def test_an_approved_one_is_not_approved_again(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    assert_refused(
        refusals.WrongState, approved, lambda: approve_prescription(prescription_id=approved.pk, by=by, at=NOW)
    )


def test_approving_is_no_way_to_undo(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    for act in (approve_prescription, claim_prescription, release_prescription):
        attempt = partial(act, prescription_id=approved.pk, by=by, at=NOW)
        assert_refused(refusals.WrongState, approved, attempt)


def test_question_and_answer(mine: Prescription, north: HospitalCast) -> None:
    ask_prescriber(prescription_id=mine.pk, by=north.pharmacist.user, text=" Allergy? ", at=NOW)
    answer_pharmacist(prescription_id=mine.pk, by=north.doctor.user, text="None.", at=NOW + dt.timedelta(minutes=1))
    assert list(PrescriptionMessage.objects.values_list("author__email", "body")) == [
        ("pharmacist@north.test", "Allergy?"),
        ("doctor@north.test", "None."),
    ]
    assert actions_on_record()[-2:] == ["asked_prescriber", "answered_pharmacist"]


def test_what_the_database_says_to_other_writers_has_our_names(waiting: Prescription) -> None:
    with pytest.raises(refusals.NotClaimed), refusals.translated_rules():
        Prescription.objects.filter(pk=waiting.pk).update(status="APPROVED")


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_claim_at_once_one_has_it(north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(north.doctor, patient)
    people = [north.pharmacist.user]
    for number in range(19):
        user = make_staff(north.hospital, Role.PHARMACIST, f"p{number}@north.test", f"Nr {number}")
        Pharmacist.objects.create(user=user, hospital=north.hospital)
        people.append(user)

    def claim(by: User) -> str:
        try:
            claim_prescription(prescription_id=prescription.pk, by=by, at=NOW)
        except refusals.AlreadyClaimed as refused:
            return refused.holder
        else:
            return "mine"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(claim, people))
    winner = people[told.index("mine")]
    prescription.refresh_from_db()
    assert prescription.pharmacist_id == winner.pk
    assert told.count("mine") == 1
    assert told.count(winner.profile.full_name) == 19
    assert actions_on_record() == ["claimed_prescription"]
