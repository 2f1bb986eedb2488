"""Why people come, by specialty: for whom each reason fits, and what is prescribed for it if anything."""

from __future__ import annotations

from dataclasses import dataclass

from dev.demo.medicines import MEDICINES, Medicine
from dev.demo.names import Sex


@dataclass(frozen=True, slots=True)
class Complaint:
    """`reason` is what the patient writes; `treatments` are keys of MEDICINES, each written where the age suits."""

    reason: str
    treatments: tuple[str, ...] = ()
    youngest: int = 18
    oldest: int = 120
    sex: Sex | None = None

    def fits(self, sex: Sex, age: int) -> bool:
        return self.youngest <= age <= self.oldest and self.sex in (None, sex)

    def medicines(self, age: int) -> list[Medicine]:
        found = (next((one for one in MEDICINES[name] if one.suits(age)), None) for name in self.treatments)
        return [medicine for medicine in found if medicine]


_GENERAL = (
    Complaint("Blood pressure check", ("blood pressure",), youngest=40),
    Complaint("Diabetes check", ("metformin",), youngest=45, oldest=84),
    Complaint("To discuss my cholesterol", ("statin",), youngest=45),
    Complaint("Cough and fever since Sunday", ("amoxicillin", "fever"), youngest=16),
    Complaint("Bad cold, need a sick note", ("fever",), youngest=16, oldest=64),
    Complaint("Sore throat", ("penicillin",), youngest=16, oldest=60),
    Complaint("Heartburn", ("reflux",), youngest=20),
    Complaint("Back pain", ("pain",), youngest=18),
    Complaint("Hay fever", ("antihistamine",), youngest=16, oldest=60),
    Complaint("It burns when I pass water", ("cystitis",), youngest=18, oldest=64, sex="f"),
    Complaint("Tired all the time", ("iron",), youngest=18, oldest=50, sex="f"),
    Complaint("Thyroid results", ("thyroid",), youngest=25, sex="f"),
    Complaint("Repeat prescription", ("blood pressure", "statin"), youngest=50),
    Complaint("Annual check-up"),
    Complaint("Vaccination before a journey"),
    Complaint("Blood test results"),
    Complaint("Form for my insurance", oldest=64),
)
_URGENT = (
    Complaint("Wound check", youngest=16),
    Complaint("Stitches to be removed", youngest=16),
    Complaint("Sprained ankle, check", ("pain",), youngest=16, oldest=70),
    Complaint("Rash after a wasp sting", ("antihistamine",), youngest=16),
    Complaint("After an asthma attack", ("prednisolone", "inhaler"), youngest=18, oldest=70),
    Complaint("Kidney stone, check", ("tamsulosin", "stronger pain"), youngest=20, oldest=64, sex="m"),
    Complaint("Head knock last night, check", youngest=16),
)
BY_SPECIALTY: dict[str, tuple[Complaint, ...]] = {
    "General medicine": _GENERAL,
    "Family medicine": _GENERAL,
    "Emergency medicine": _URGENT,
    "Urgent care": _URGENT,
    "Cardiology": (
        Complaint("Atrial fibrillation, check", ("apixaban", "beta blocker"), youngest=50),
        Complaint("Chest tightness when climbing stairs", ("nitrate spray", "aspirin"), youngest=45, oldest=79),
        Complaint("Palpitations", ("beta blocker",), youngest=30),
        Complaint("Heart failure check", ("diuretic", "beta blocker"), youngest=60),
        Complaint("Check after a stent", ("clopidogrel", "statin, high"), youngest=48, oldest=84),
        Complaint("Blood pressure still too high", ("blood pressure, more",), youngest=45),
        Complaint("Pacemaker check", youngest=55),
        Complaint("Results of the heart ultrasound", youngest=35),
        Complaint("Check before an operation", youngest=40),
    ),
    "Paediatrics": (
        Complaint("Ear ache", ("amoxicillin", "pain"), youngest=1, oldest=9),
        Complaint("Fever for two days", ("fever",), youngest=1, oldest=17),
        Complaint("Tonsillitis again", ("penicillin", "fever"), youngest=3, oldest=15),
        Complaint("Cough at night", ("inhaler",), youngest=3, oldest=14),
        Complaint("Asthma check", ("asthma prevention", "inhaler"), youngest=3, oldest=14),
        Complaint("Itchy skin in the elbows", ("hydrocortisone",), youngest=1, oldest=12),
        Complaint("Hay fever", ("antihistamine",), youngest=4, oldest=17),
        Complaint("Vomiting since yesterday", ("rehydration",), youngest=1, oldest=10),
        Complaint("Impetigo at nursery", ("fusidic acid",), youngest=2, oldest=8),
        Complaint("Check-up and vaccination", ("vitamin D, child",), youngest=1, oldest=3),
        Complaint("Check-up for school", youngest=5, oldest=16),
        Complaint("Vaccination", youngest=1, oldest=17),
        Complaint("Stomach aches before school", youngest=6, oldest=14),
    ),
    "Dermatology": (
        Complaint("Mole check", youngest=16),
        Complaint("Acne", ("acne gel",), youngest=13, oldest=35),
        Complaint("Acne, gel did not help", ("acne gel", "acne tablets"), youngest=16, oldest=35),
        Complaint("Eczema on the hands", ("hydrocortisone", "emollient"), youngest=3),
        Complaint("Psoriasis", ("psoriasis", "emollient"), youngest=20),
        Complaint("Itching between the toes", ("antifungal",), youngest=18),
        Complaint("Redness of the face", ("rosacea",), youngest=30),
        Complaint("Flaking scalp", ("scalp",), youngest=16),
        Complaint("Hives", ("antihistamine",), youngest=12),
        Complaint("Check after removal of a mole", youngest=20),
    ),
    "Orthopaedics": (
        Complaint("Knee pain on stairs", ("stronger pain", "stomach protection"), youngest=40),
        Complaint("Shoulder pain", ("pain",), youngest=18),
        Complaint("Check after knee replacement", ("heparin", "fever"), youngest=55),
        Complaint("Osteoporosis", ("alendronic acid", "vitamin D, daily"), youngest=60, oldest=84, sex="f"),
        Complaint("Gout in the big toe", ("gout attack",), youngest=40, oldest=74, sex="m"),
        Complaint("Gout, check", ("allopurinol",), youngest=40, sex="m"),
        Complaint("Fracture check, new X-ray", youngest=8),
        Complaint("Tingling fingers at night", youngest=30),
        Complaint("Twisted knee at football", youngest=14, oldest=45),
        Complaint("Back pain into the leg", ("stronger pain", "stomach protection"), youngest=25, oldest=75),
    ),
    "Gynaecology": (
        Complaint("Annual check-up", sex="f"),
        Complaint("Contraception", ("contraceptive",), youngest=16, oldest=45, sex="f"),
        Complaint("Heavy periods", ("heavy periods", "iron"), youngest=16, oldest=50, sex="f"),
        Complaint("Painful periods", ("period pain",), youngest=14, oldest=40, sex="f"),
        Complaint("Hot flushes", ("oestrogen", "progesterone"), youngest=46, oldest=58, sex="f"),
        Complaint("Itching", ("thrush",), youngest=18, oldest=55, sex="f"),
        Complaint("Pregnancy check, 12 weeks", ("folic acid",), youngest=20, oldest=42, sex="f"),
        Complaint("Pregnancy check, 28 weeks", ("iron",), youngest=20, oldest=42, sex="f"),
        Complaint("Smear test results", youngest=25, oldest=65, sex="f"),
        Complaint("Coil check", youngest=20, oldest=50, sex="f"),
        Complaint("Check after the menopause", youngest=55, sex="f"),
    ),
    "Neurology": (
        Complaint("Migraine", ("migraine attack",), youngest=18, oldest=60),
        Complaint("Migraine, more often now", ("migraine attack", "propranolol"), youngest=18, oldest=60),
        Complaint("Epilepsy check", ("levetiracetam",), youngest=16, oldest=70),
        Complaint("Epilepsy check, no seizures", ("lamotrigine",), youngest=16, oldest=60, sex="f"),
        Complaint("Parkinson's check", ("parkinson",), youngest=60),
        Complaint("Burning feet at night", ("nerve pain",), youngest=45),
        Complaint("Forgetful, my daughter comes along", ("memory",), youngest=68),
        Complaint("Dizzy spells", ("dizziness",), youngest=40),
        Complaint("Tremor of the hands", ("propranolol",), youngest=40, oldest=70),
        Complaint("MRI results", youngest=18),
        Complaint("Numbness in the left hand", youngest=25),
    ),
    "Endocrinology": (
        Complaint("Type 2 diabetes, check", ("metformin", "empagliflozin"), youngest=45, oldest=84),
        Complaint("Insulin dose", ("insulin",), youngest=18, oldest=80),
        Complaint("Underactive thyroid", ("thyroid",), youngest=20),
        Complaint("Overactive thyroid", ("carbimazole",), youngest=20, oldest=70),
        Complaint("Vitamin D too low", ("vitamin D, weekly",), youngest=18),
        Complaint("Osteoporosis treatment", ("alendronic acid", "vitamin D, daily"), youngest=60, oldest=84, sex="f"),
        Complaint("Thyroid nodule, ultrasound", youngest=25),
        Complaint("Weight gain", youngest=20, oldest=65),
        Complaint("Second opinion on blood results", youngest=20),
    ),
    "Psychiatry": (
        Complaint("First appointment", oldest=75),
        Complaint("Low mood, check", ("sertraline",)),
        Complaint("Low mood and poor sleep", ("mirtazapine",)),
        Complaint("Anxiety", ("escitalopram",)),
        Complaint("Panic attacks", ("escitalopram",), oldest=55),
        Complaint("Bipolar disorder, check", ("lithium",), oldest=64),
        Complaint("Voices, check", ("quetiapine",), oldest=64),
        Complaint("ADHD, check", ("methylphenidate",), oldest=50),
        Complaint("Cannot sleep", ("sleep",), oldest=64),
        Complaint("Burnout, back to work", oldest=62),
    ),
}


def complaints_of(specialty: str, sex: Sex, age: int) -> list[Complaint]:
    return [complaint for complaint in BY_SPECIALTY[specialty] if complaint.fits(sex, age)]
