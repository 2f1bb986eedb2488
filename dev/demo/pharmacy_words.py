"""What pharmacists and doctors of the demo say about a prescription: only what fits what is on it."""

from __future__ import annotations

from typing import NamedTuple

from clinical.models import Prescription

Reason = Prescription.DenialReason
_BLOOD_THINNER_BLEEDS = ("Ibuprofen", "Naproxen", "Mefenamic acid", "Acetylsalicylic acid", "Clopidogrel")
_PENICILLINS = ("Amoxicillin", "Phenoxymethylpenicillin")


class Fit(NamedTuple):
    """For whom something is said: one of these medicines (of any, where none is named), of this age."""

    names: tuple[str, ...] = ()
    oldest: int = 120

    def holds(self, names: set[str], age: int) -> bool:
        return age <= self.oldest and (not self.names or bool(names & set(self.names)))


ANY = Fit()
DENIALS: tuple[tuple[str, str, Fit], ...] = (
    (Reason.OUT_OF_STOCK, "Expected again on Thursday.", ANY),
    (Reason.CLARIFY, "Quantity and duration do not match.", ANY),
    (Reason.CLARIFY, "Which of the two strengths is meant?", ANY),
    (Reason.DUPLICATE, "The same was dispensed last week.", ANY),
    (Reason.INTERACTION, "The patient takes a blood thinner, bought in another pharmacy.", Fit(_BLOOD_THINNER_BLEEDS)),
    (Reason.ALLERGY, "The mother reports a rash with penicillin.", Fit(_PENICILLINS, oldest=17)),
    (Reason.ALLERGY, "The patient reports a penicillin allergy.", Fit(_PENICILLINS)),
    (Reason.DOSE, "Please check the dose for the child's weight.", Fit(("Paracetamol", "Ibuprofen"), oldest=11)),
    (Reason.DOSE, "Please check the dose: kidney function is reduced.", Fit(("Metformin", "Apixaban", "Gabapentin"))),
    (Reason.WITHDRAWN, "", ANY),
    (Reason.OTHER, "The patient asked us not to prepare it.", ANY),
)
QUESTIONS: tuple[tuple[str, str | None, Fit], ...] = (
    ("Would a generic be all right?", "Certainly.", ANY),
    ("Only the larger pack is here. May I give that?", "Yes, please tell the patient when to stop.", ANY),
    (
        "The patient says the capsules are too large. May I give the liquid?",
        "Yes, the same daily dose please.",
        Fit(("Amoxicillin", "Doxycycline", "Omeprazole")),
    ),
    (
        "Should this be taken together with the blood pressure tablets?",
        "Yes. I have asked the patient to measure at home for two weeks.",
        Fit(("Bisoprolol", "Amlodipine", "Ramipril", "Propranolol")),
    ),
    (
        "What does the child weigh?",
        "18 kg, measured today.",
        Fit(("Amoxicillin", "Paracetamol", "Ibuprofen"), oldest=6),
    ),
    ("Is a stomach protection wanted with it?", "Yes, omeprazole is on the way.", Fit(("Naproxen", "Ibuprofen"))),
)
# Of the shown doctor's, still waiting for an answer.
OPEN_QUESTION = "The patient asks how long this is to be taken. Could you confirm the duration?"
EXPECTED_LATER, EXPECTED_NOTE = Reason.OUT_OF_STOCK, "Not available until next week. Is there an alternative?"
