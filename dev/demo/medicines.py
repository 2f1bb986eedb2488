"""What the demo's doctors prescribe: usual doses, and from which age each is given.

Invented patients take them, so nobody is to learn a dose here; but a clinician who looks shall find nothing odd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ONCE, TWICE, THRICE, FOUR_TIMES = "once a day", "twice a day", "three times a day", "four times a day"
MORNING, EVENING, NIGHT = "once a day, in the morning", "once a day, in the evening", "once a day, at bedtime"
UP_TO_FOUR = "up to four times a day"
TABLET, CAPSULE = "1 tablet", "1 capsule"


@dataclass(frozen=True, slots=True)
class Medicine:
    """`quantity` is in what the form is counted in: tablets, millilitres of a liquid, packs of anything else."""

    name: str
    strength: str
    dose: str
    frequency: str
    days: int
    quantity: int
    refills: int = 0
    route: str = "oral"
    instructions: str = ""
    as_needed: bool = False
    youngest: int = 18
    oldest: int = 120

    def suits(self, age: int) -> bool:
        return self.youngest <= age <= self.oldest

    def line(self) -> dict[str, Any]:
        """As `clinical.prescriptions.medications.as_json` writes it."""
        facts = {
            "name": self.name,
            "dose": self.dose,
            "route": self.route,
            "frequency": self.frequency,
            "duration_days": self.days,
            "quantity": self.quantity,
            "refills": self.refills,
            "as_needed": self.as_needed,
        }
        said = {"strength": self.strength, "instructions": self.instructions}
        return facts | {name: text for name, text in said.items() if text}


_FOOD, _COURSE = "With or after food.", "Finish the course, even when you feel better."

MEDICINES: dict[str, tuple[Medicine, ...]] = {
    # By what a complaint asks for; of several, the one that suits the patient's age is written.
    "blood pressure": (
        Medicine("Ramipril", "5 mg", TABLET, ONCE, 90, 90, 3, youngest=30, oldest=74),
        Medicine("Amlodipine", "5 mg", TABLET, ONCE, 90, 90, 3, youngest=75),
    ),
    "blood pressure, more": (Medicine("Amlodipine", "10 mg", TABLET, ONCE, 90, 90, 3, youngest=40),),
    "metformin": (
        Medicine("Metformin", "850 mg", TABLET, TWICE, 90, 180, 3, instructions="With meals.", youngest=30, oldest=84),
    ),
    "empagliflozin": (Medicine("Empagliflozin", "10 mg", TABLET, MORNING, 90, 90, 3, youngest=40, oldest=84),),
    "insulin": (
        Medicine(
            *("Insulin glargine", "100 units/mL", "18 units", NIGHT, 28, 5, 3),
            route="subcutaneous",
            instructions="Change the place of injection each day.",
        ),
    ),
    "statin": (Medicine("Atorvastatin", "20 mg", TABLET, EVENING, 90, 90, 3, youngest=40),),
    "statin, high": (Medicine("Atorvastatin", "80 mg", TABLET, EVENING, 90, 90, 3, youngest=45, oldest=84),),
    "amoxicillin": (
        Medicine(*("Amoxicillin", "250 mg/5 mL", "5 mL", THRICE, 5, 100), instructions=_COURSE, youngest=1, oldest=4),
        Medicine(*("Amoxicillin", "250 mg/5 mL", "10 mL", THRICE, 5, 200), instructions=_COURSE, youngest=5, oldest=11),
        Medicine("Amoxicillin", "500 mg", CAPSULE, THRICE, 7, 21, instructions=_COURSE, youngest=12),
    ),
    "penicillin": (
        Medicine(
            *("Phenoxymethylpenicillin", "250 mg/5 mL", "2.5 mL", FOUR_TIMES, 10, 100),
            instructions=_COURSE,
            youngest=1,
            oldest=5,
        ),
        Medicine(
            *("Phenoxymethylpenicillin", "250 mg/5 mL", "5 mL", FOUR_TIMES, 10, 200),
            instructions=_COURSE,
            youngest=6,
            oldest=11,
        ),
        Medicine("Phenoxymethylpenicillin", "500 mg", TABLET, FOUR_TIMES, 10, 40, instructions=_COURSE, youngest=12),
    ),
    "fever": (
        Medicine("Paracetamol", "120 mg/5 mL", "5 mL", UP_TO_FOUR, 3, 100, as_needed=True, youngest=1, oldest=1),
        Medicine("Paracetamol", "120 mg/5 mL", "7.5 mL", UP_TO_FOUR, 3, 100, as_needed=True, youngest=2, oldest=3),
        Medicine("Paracetamol", "120 mg/5 mL", "10 mL", UP_TO_FOUR, 3, 150, as_needed=True, youngest=4, oldest=5),
        Medicine("Paracetamol", "250 mg/5 mL", "5 mL", UP_TO_FOUR, 3, 100, as_needed=True, youngest=6, oldest=7),
        Medicine("Paracetamol", "250 mg/5 mL", "7.5 mL", UP_TO_FOUR, 3, 100, as_needed=True, youngest=8, oldest=9),
        Medicine("Paracetamol", "500 mg", TABLET, UP_TO_FOUR, 3, 12, as_needed=True, youngest=10, oldest=15),
        Medicine(
            *("Paracetamol", "500 mg", "2 tablets", UP_TO_FOUR, 5, 40),
            instructions="Not more than 8 tablets in 24 hours.",
            as_needed=True,
            youngest=16,
        ),
    ),
    "pain": (
        Medicine("Ibuprofen", "100 mg/5 mL", "5 mL", THRICE, 3, 100, instructions=_FOOD, youngest=1, oldest=3),
        Medicine("Ibuprofen", "100 mg/5 mL", "7.5 mL", THRICE, 3, 100, instructions=_FOOD, youngest=4, oldest=6),
        Medicine("Ibuprofen", "100 mg/5 mL", "10 mL", THRICE, 3, 100, instructions=_FOOD, youngest=7, oldest=9),
        Medicine("Ibuprofen", "200 mg", TABLET, THRICE, 3, 9, instructions=_FOOD, youngest=12, oldest=17),
        Medicine("Ibuprofen", "400 mg", TABLET, THRICE, 5, 15, instructions=_FOOD, youngest=18, oldest=64),
        Medicine("Paracetamol", "500 mg", "2 tablets", UP_TO_FOUR, 7, 56, as_needed=True, youngest=65),
    ),
    "stronger pain": (
        Medicine("Naproxen", "500 mg", TABLET, TWICE, 14, 28, instructions=_FOOD, youngest=18, oldest=64),
        Medicine("Paracetamol", "500 mg", "2 tablets", FOUR_TIMES, 14, 112, youngest=65),
    ),
    "stomach protection": (Medicine("Omeprazole", "20 mg", CAPSULE, MORNING, 14, 14, youngest=18),),
    "reflux": (
        Medicine("Pantoprazole", "40 mg", TABLET, MORNING, 28, 28, 1, instructions="Before breakfast.", youngest=18),
    ),
    "antihistamine": (
        Medicine("Cetirizine", "1 mg/mL", "2.5 mL", TWICE, 14, 75, youngest=2, oldest=5),
        Medicine("Cetirizine", "1 mg/mL", "5 mL", TWICE, 14, 150, youngest=6, oldest=11),
        Medicine("Cetirizine", "10 mg", TABLET, ONCE, 30, 30, 1, youngest=12),
    ),
    "cystitis": (
        Medicine("Nitrofurantoin MR", "100 mg", CAPSULE, TWICE, 3, 6, instructions=_FOOD, youngest=16, oldest=64),
    ),
    "iron": (Medicine("Ferrous sulfate", "200 mg", TABLET, ONCE, 84, 84, 1, youngest=16),),
    "thyroid": (
        Medicine(
            *("Levothyroxine", "75 micrograms", TABLET, ONCE, 90, 90, 3),
            instructions="Half an hour before breakfast, with water.",
            oldest=64,
        ),
        Medicine(
            *("Levothyroxine", "50 micrograms", TABLET, ONCE, 90, 90, 3),
            instructions="Half an hour before breakfast, with water.",
            youngest=65,
        ),
    ),
    "carbimazole": (
        Medicine(
            *("Carbimazole", "20 mg", TABLET, ONCE, 28, 28),
            instructions="Call us at once if you have a sore throat or fever.",
        ),
    ),
    "inhaler": (
        Medicine(
            *("Salbutamol", "100 micrograms", "2 puffs", UP_TO_FOUR, 30, 1, 2),
            route="inhaled",
            instructions="Shake before use; with a spacer.",
            as_needed=True,
            youngest=3,
        ),
    ),
    "asthma prevention": (
        Medicine("Montelukast", "4 mg", "1 chewable tablet", EVENING, 28, 28, 2, youngest=3, oldest=5),
        Medicine("Montelukast", "5 mg", "1 chewable tablet", EVENING, 28, 28, 2, youngest=6, oldest=14),
    ),
    "prednisolone": (Medicine("Prednisolone", "5 mg", "8 tablets", MORNING, 5, 40, instructions=_FOOD, youngest=18),),
    "rehydration": (
        Medicine(
            *("Oral rehydration salts", "", "1 sachet", "after each loose stool", 3, 12),
            instructions="In 200 mL of water.",
            as_needed=True,
            youngest=1,
        ),
    ),
    "vitamin D, child": (Medicine("Colecalciferol", "400 IU", "1 drop", ONCE, 90, 1, 1, youngest=1, oldest=4),),
    "vitamin D, weekly": (Medicine("Colecalciferol", "20,000 IU", CAPSULE, "once a week", 49, 7),),
    "vitamin D, daily": (Medicine("Colecalciferol", "800 IU", TABLET, ONCE, 90, 90, 3, youngest=50),),
    "alendronic acid": (
        Medicine(
            *("Alendronic acid", "70 mg", TABLET, "once a week", 84, 12, 3),
            instructions="On an empty stomach with a full glass of water; stay upright for 30 minutes.",
            youngest=55,
            oldest=84,
        ),
    ),
    "apixaban": (
        Medicine("Apixaban", "5 mg", TABLET, TWICE, 90, 180, 3, youngest=40, oldest=79),
        Medicine("Apixaban", "2.5 mg", TABLET, TWICE, 90, 180, 3, youngest=80),
    ),
    "beta blocker": (Medicine("Bisoprolol", "2.5 mg", TABLET, MORNING, 90, 90, 3, youngest=30),),
    "nitrate spray": (
        Medicine(
            *("Glyceryl trinitrate", "400 micrograms", "1 spray", "when the chest is tight", 90, 1, 1),
            route="sublingual",
            instructions="Sit down first. Call an ambulance if the pain lasts 5 minutes after the second spray.",
            as_needed=True,
            youngest=35,
        ),
    ),
    "aspirin": (Medicine("Acetylsalicylic acid", "100 mg", TABLET, ONCE, 90, 90, 3, youngest=40, oldest=79),),
    "clopidogrel": (Medicine("Clopidogrel", "75 mg", TABLET, ONCE, 90, 90, 3, youngest=40),),
    "diuretic": (Medicine("Furosemide", "40 mg", TABLET, MORNING, 28, 28, 3, youngest=50),),
    "tamsulosin": (Medicine("Tamsulosin", "400 micrograms", CAPSULE, ONCE, 28, 28, youngest=18),),
    "hydrocortisone": (
        Medicine("Hydrocortisone cream", "1 %", "a thin layer", TWICE, 7, 1, route="topical", youngest=1, oldest=17),
        Medicine("Mometasone cream", "0.1 %", "a thin layer", ONCE, 14, 1, route="topical", youngest=18),
    ),
    "emollient": (
        Medicine("Urea cream", "5 %", "as much as the skin takes up", TWICE, 30, 1, 3, route="topical", youngest=3),
    ),
    "fusidic acid": (Medicine("Fusidic acid cream", "2 %", "a thin layer", THRICE, 7, 1, route="topical", youngest=1),),
    "acne gel": (
        Medicine("Adapalene gel", "0.1 %", "a thin layer", EVENING, 84, 2, route="topical", youngest=12, oldest=40),
    ),
    "acne tablets": (
        Medicine("Doxycycline", "100 mg", CAPSULE, ONCE, 84, 84, instructions=_FOOD, youngest=16, oldest=40),
    ),
    "psoriasis": (
        Medicine(
            *("Calcipotriol with betamethasone", "50 micrograms/0.5 mg per g", "a thin layer", ONCE, 28, 2),
            route="topical",
        ),
    ),
    "antifungal": (Medicine("Terbinafine cream", "1 %", "a thin layer", ONCE, 7, 1, route="topical", youngest=16),),
    "rosacea": (Medicine("Metronidazole gel", "0.75 %", "a thin layer", TWICE, 60, 2, route="topical"),),
    "scalp": (
        Medicine(
            *("Ketoconazole shampoo", "2 %", "one wash", "twice a week", 28, 1),
            route="topical",
            instructions="Leave on for 5 minutes, then rinse.",
            youngest=16,
        ),
    ),
    "gout attack": (
        Medicine(
            *("Colchicine", "500 micrograms", TABLET, THRICE, 4, 12),
            instructions="Stop if you have diarrhoea.",
            youngest=35,
            oldest=74,
        ),
    ),
    "allopurinol": (Medicine("Allopurinol", "100 mg", TABLET, ONCE, 90, 90, 3, instructions=_FOOD, youngest=35),),
    "heparin": (Medicine("Enoxaparin", "40 mg", "1 syringe", ONCE, 14, 14, route="subcutaneous", youngest=40),),
    "contraceptive": (
        Medicine(
            *("Levonorgestrel with ethinylestradiol", "150/30 micrograms", TABLET, "once a day for 21 days of 28"),
            *(84, 63, 3),
            youngest=16,
            oldest=34,
        ),
        Medicine("Desogestrel", "75 micrograms", TABLET, ONCE, 84, 84, 3, youngest=35, oldest=49),
    ),
    "heavy periods": (Medicine("Tranexamic acid", "500 mg", "2 tablets", THRICE, 4, 24, 2, youngest=16, oldest=50),),
    "period pain": (
        Medicine("Mefenamic acid", "500 mg", TABLET, THRICE, 3, 9, 2, instructions=_FOOD, youngest=14, oldest=45),
    ),
    "oestrogen": (
        Medicine(
            *("Estradiol patch", "50 micrograms/24 h", "1 patch", "twice a week", 84, 24, 1),
            route="transdermal",
            youngest=45,
            oldest=60,
        ),
    ),
    "progesterone": (Medicine("Progesterone", "100 mg", CAPSULE, NIGHT, 84, 84, 1, youngest=45, oldest=60),),
    "thrush": (
        Medicine("Clotrimazole pessary", "500 mg", "1 pessary", "once, at bedtime", 1, 1, route="vaginal", youngest=16),
    ),
    "folic acid": (Medicine("Folic acid", "400 micrograms", TABLET, ONCE, 84, 84, 0, youngest=18, oldest=45),),
    "migraine attack": (
        Medicine(
            *("Sumatriptan", "50 mg", TABLET, "at the first sign of a migraine", 30, 6, 2),
            instructions="Not more than two in 24 hours.",
            as_needed=True,
            youngest=18,
            oldest=64,
        ),
    ),
    "propranolol": (Medicine("Propranolol", "40 mg", TABLET, TWICE, 56, 112, 1, youngest=18, oldest=70),),
    "levetiracetam": (Medicine("Levetiracetam", "500 mg", TABLET, TWICE, 90, 180, 3, youngest=16),),
    "lamotrigine": (Medicine("Lamotrigine", "100 mg", TABLET, TWICE, 90, 180, 3, youngest=16),),
    "parkinson": (Medicine("Levodopa with carbidopa", "100/25 mg", TABLET, THRICE, 90, 270, 3, youngest=50),),
    "nerve pain": (
        Medicine("Amitriptyline", "10 mg", TABLET, NIGHT, 28, 28, 1, youngest=18, oldest=64),
        Medicine("Gabapentin", "100 mg", CAPSULE, THRICE, 28, 84, 1, youngest=65),
    ),
    "memory": (Medicine("Donepezil", "5 mg", TABLET, NIGHT, 28, 28, 2, youngest=60),),
    "dizziness": (Medicine("Betahistine", "16 mg", TABLET, THRICE, 28, 84, youngest=18, instructions=_FOOD),),
    "sertraline": (Medicine("Sertraline", "50 mg", TABLET, MORNING, 28, 28, 2),),
    "mirtazapine": (Medicine("Mirtazapine", "15 mg", TABLET, NIGHT, 28, 28, 1),),
    "escitalopram": (
        Medicine("Escitalopram", "10 mg", TABLET, ONCE, 28, 28, 2, oldest=64),
        Medicine("Escitalopram", "5 mg", TABLET, ONCE, 28, 28, 2, youngest=65),
    ),
    "quetiapine": (Medicine("Quetiapine", "100 mg", TABLET, NIGHT, 28, 28, 1, oldest=64),),
    "lithium": (
        Medicine("Lithium carbonate", "400 mg", TABLET, NIGHT, 28, 28, 1, instructions="Drink enough.", oldest=64),
    ),
    "methylphenidate": (Medicine("Methylphenidate MR", "18 mg", TABLET, MORNING, 28, 28, 0, oldest=55),),
    "sleep": (Medicine("Zopiclone", "7.5 mg", TABLET, NIGHT, 7, 7, 0, oldest=64),),
}
