"""`make tour`: the main job through a running stack, by its public surfaces alone."""

from __future__ import annotations

import random
import string
import sys

import requests

from dev.tour.app import PatientApp, patient_calls, patient_chats
from dev.tour.browser import NotSo, running_stack, step
from dev.tour.clinic import (
    admin_changes_hours,
    admin_takes_time_off,
    another_wants_it,
    doctor_prescribes,
    hours_edited_in_calcom,
    patient_books,
    patient_moves,
    patient_sees,
    pharmacist_dispenses,
    webhook_arrives,
)
from dev.tour.nights import night_with_time_off

# Somebody new each time, so that what the pages show is of this tour.
_NAMES = (
    ["Thea", "Tilda", "Theo", "Tamsin", "Tobias", "Tess", "Tycho", "Talia", "Thorsten", "Tuuli"],
    [f"{letter}." for letter in string.ascii_uppercase],
    ["Tourist", "Traveller", "Wayfarer", "Rambler", "Voyager", "Wanderer", "Rover", "Nomad", "Roamer", "Drifter"],
)


def main() -> int:
    try:
        take_the_tour()
    except NotSo as problem:
        sys.stdout.write(f"\nNOT SO: {problem}\n")
        return 1
    except requests.RequestException as error:
        sys.stdout.write(
            f"\nNOT SO: the stack does not answer ({type(error).__name__}). Is `make run` still running?\n"
        )
        return 1
    sys.stdout.write("\nThe tour is done: every step was so.\n")
    return 0


def take_the_tour() -> None:
    stack = running_stack()
    app, patient = PatientApp(stack), somebody()
    visit = patient_books(stack, app, patient)
    webhook_arrives(stack, visit, patient=patient)
    another_wants_it(stack, visit, somebody())
    visit = patient_moves(stack, app, visit)
    prescription = doctor_prescribes(stack, visit, patient=patient)
    pharmacist_dispenses(stack, prescription)
    patient_sees(app, visit, prescription)
    patient_chats(app, visit)
    patient_calls(stack, app, patient=patient)
    admin_changes_hours(stack)
    visit = admin_takes_time_off(stack, app, visit)
    night_with_time_off(stack, app, visit)
    hours_edited_in_calcom(stack, visit)
    step("The patient cancels the visit")
    app.cancel(visit)


def somebody() -> str:
    return " ".join(random.choice(words) for words in _NAMES)


if __name__ == "__main__":
    sys.exit(main())
