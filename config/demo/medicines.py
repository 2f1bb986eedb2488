"""What the demo doctors prescribe, and what pharmacists ask about it."""

from __future__ import annotations

from typing import Any

Medication = dict[str, Any]

ALWAYS = ("name", "strength", "dose", "route", "frequency", "duration_days", "quantity", "refills")
_LINES = (
    ("Amoxicillin", "500 mg", "1 capsule", "oral", "three times a day", 7, 21, 0),
    ("Ibuprofen", "400 mg", "1 tablet", "oral", "three times a day", 5, 15, 0),
    ("Metformin", "850 mg", "1 tablet", "oral", "twice a day", 90, 180, 3),
    ("Lisinopril", "10 mg", "1 tablet", "oral", "once a day", 90, 90, 3),
    ("Atorvastatin", "20 mg", "1 tablet", "oral", "once a day, in the evening", 90, 90, 3),
    ("Levothyroxine", "75 micrograms", "1 tablet", "oral", "once a day, before breakfast", 90, 90, 3),
    ("Pantoprazole", "40 mg", "1 tablet", "oral", "once a day", 28, 28, 1),
    ("Salbutamol", "100 micrograms", "2 puffs", "inhaled", "up to four times a day", 30, 1, 2),
    ("Cetirizine", "10 mg", "1 tablet", "oral", "once a day", 30, 30, 1),
    ("Hydrocortisone cream", "1 %", "a thin layer", "topical", "twice a day", 14, 1, 0),
    ("Sertraline", "50 mg", "1 tablet", "oral", "once a day", 28, 28, 2),
    ("Sumatriptan", "50 mg", "1 tablet", "oral", "at the first sign of a migraine", 30, 6, 1),
    ("Paracetamol", "500 mg", "2 tablets", "oral", "up to four times a day", 5, 40, 0),
    ("Vitamin D3", "20,000 IU", "1 capsule", "oral", "once a week", 84, 12, 0),
)
AS_NEEDED = {"Salbutamol", "Sumatriptan", "Paracetamol", "Ibuprofen"}
INSTRUCTIONS = {
    "Amoxicillin": "Finish the course, also when you feel better.",
    "Ibuprofen": "With food.",
    "Metformin": "With meals.",
    "Levothyroxine": "Half an hour before eating, with water.",
    "Salbutamol": "Shake before use.",
}
MEDICINES: tuple[Medication, ...] = tuple(
    {
        **dict(zip(ALWAYS, line, strict=True)),
        "as_needed": line[0] in AS_NEEDED,
        **({"instructions": INSTRUCTIONS[line[0]]} if line[0] in INSTRUCTIONS else {}),
    }
    for line in _LINES
)

DENIALS = (
    ("out_of_stock", "Expected again on Thursday."),
    ("clarify", "The strength is not one that is made."),
    ("interaction", "The patient already takes a blood thinner."),
    ("duplicate", "The same was dispensed last week."),
    ("dose", "Above the highest daily dose for this age."),
    ("allergy", "A penicillin allergy is noted here."),
    ("withdrawn", ""),
    ("other", "The patient asked us not to prepare it."),
)
TALKS = (
    (
        "Is this meant to be taken together with what was given last month?",
        "Yes, for two weeks; then the old one stops.",
    ),
    ("Would a generic be all right?", "Certainly."),
    ("The patient says the tablets are too large. May I give drops?", "Yes, the same daily dose please."),
    ("Is the duration right? It is longer than usual.", "It is: this is a maintenance dose."),
    ("Do you know of the asthma in the record?", None),
    ("Could you confirm the weight that the dose was reckoned from?", None),
)
