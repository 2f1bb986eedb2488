"""What patients and the assistant say to each other: one script for each kind of talk."""

from __future__ import annotations

from typing import NamedTuple


class Script(NamedTuple):
    """The patient speaks first, after the greeting, then both in turn."""

    summary: str
    lines: tuple[str, ...]


GREETING = "This is the booking assistant of the hospital. How can I help?"
# Led to an appointment with the doctor named. One is chosen for each booking.
BOOKED = (
    Script(
        "Booked an appointment with {doctor}: {reason}.",
        (
            "I would like to see {doctor}.",
            "Of course. May I ask what it is about?",
            "{reason}.",
            "Thank you. When would suit you?",
            "Any time in the morning.",
            "I have booked {start}. You will find it among your appointments.",
            "Thank you!",
        ),
    ),
    Script(
        "Asked for the first free appointment in {specialty} and took it ({reason}).",
        (
            "Who can I see for this: {reason}?",
            "That would be {specialty}. The first free appointment is {start}, with {doctor}.",
            "I will take that one.",
            "It is booked. A reminder comes by text message the day before.",
        ),
    ),
    Script(
        "Booked for after work with {doctor}.",
        (
            "Do you have anything after four o'clock?",
            "{doctor} has late hours. I can offer {start}.",
            "Is there nothing sooner?",
            "Not after four, I am afraid.",
            "Then I will take it. It is about this: {reason}.",
            "I have noted it. The appointment is booked.",
        ),
    ),
)
SCRIPTS = (
    Script(
        "Asked for the opening hours; no booking.",
        (
            "When are you open?",
            "From eight to five on working days. Shall I look for an appointment?",
            "Not today, thanks.",
        ),
    ),
    Script(
        "Asked whether a prescription is ready; it is being reviewed.",
        (
            "Is my prescription ready?",
            "It is with the pharmacy for review. You will see it in the app when it is ready.",
            "Until when can I collect it today?",
            "The pharmacy is open until seven.",
        ),
    ),
    Script(
        "Mentioned back pain for a week; offered an appointment, declined for now.",
        (
            "My back has been aching for a week.",
            "I am sorry to hear that. I cannot give medical advice, but I can find an appointment for you.",
            "I will wait a few more days.",
            "If it gets worse, please call again.",
        ),
    ),
    Script(
        "Asked to move an appointment; told how to do it in the app.",
        (
            "Can I move my appointment to next week?",
            "Yes: open the appointment in the app and choose another time.",
            "And the old time is free then?",
            "Yes, as soon as you confirm the new one.",
        ),
    ),
    Script(
        "Chest pain: told to call the emergency number at once.",
        (
            "I have a pressing pain in my chest and in my left arm.",
            "This may be an emergency. Please call the emergency number now, or ask somebody near you to do it.",
            "All right, I am calling.",
        ),
    ),
    Script(
        "Asked whether to come fasting to a blood test; referred to the practice's note.",
        (
            "I have a blood test tomorrow. May I have breakfast?",
            "The note to your appointment says: nothing but water from ten in the evening.",
            "And my tablets?",
            "Please ask your doctor about the tablets. Shall I leave a message for the practice?",
            "No, I will ask at the desk.",
        ),
    ),
    Script(
        "Asked for the way from the underground, and for a place to park.",
        (
            "How do I get to you from the underground?",
            "It is four minutes on foot; follow the signs from the north exit.",
            "Can I park there as well?",
            "There is a garage with two hours free for patients.",
        ),
    ),
    Script(
        "Wheelchair user; asked for step-free access and a lift.",
        (
            "I come in a wheelchair. Are there steps at the entrance?",
            "The main entrance has a ramp, and all departments can be reached by lift.",
            "Is the examination table adjustable?",
            "I do not know that. I can note it with your appointment, so that the team prepares.",
            "Yes, please.",
        ),
    ),
    Script(
        "Asked for a Turkish interpreter; told to say so at least three days before.",
        (
            "My mother speaks only Turkish. Is there an interpreter?",
            "There is, if you tell us at least three days before. When is the appointment?",
            "On Friday next week.",
            "Then please write it into the appointment's note. The desk will arrange it.",
        ),
    ),
    Script(
        "Running late by about 15 minutes; told that the desk decides.",
        (
            "I am stuck in traffic and will be a quarter of an hour late.",
            "I cannot change the time now. Please go to the desk when you arrive; they will try to fit you in.",
            "Fine, I hurry.",
        ),
    ),
    Script(
        "Wanted to cancel: feels better. Told how to do it in the app.",
        (
            "I do not need the appointment any more, I feel better.",
            "Good to hear. Open it in the app and choose Cancel; somebody else will be glad of the time.",
            "Done, thank you.",
        ),
    ),
    Script(
        "Asked for a repeat prescription; told that the doctor has to write it.",
        (
            "My blood pressure tablets are running out.",
            "A doctor has to renew them. I can book a short appointment, or you ask in the app under Prescriptions.",
            "I will do it in the app.",
        ),
    ),
    Script(
        "Asked what a rejected prescription means; told to wait for the doctor's message.",
        (
            "The app says that my prescription was rejected. Why?",
            "The pharmacy has told your doctor the reason, and your doctor will write a new one if it is needed.",
            "How long does that take?",
            "Usually a day. If you run out before that, please call the practice.",
        ),
    ),
    Script(
        "Asked about the cost of a sick note; not known here.",
        (
            "What do I pay for a sick note?",
            "I have no prices here. The desk can tell you.",
            "Then please give me the number.",
            "It is on the hospital's page in the app.",
        ),
    ),
    Script(
        "A child with fever since the morning; offered paediatrics, will watch it.",
        (
            "My daughter has had 38.5 since this morning.",
            "I cannot judge that. Is she drinking, and can you wake her as usual?",
            "Yes, she is playing.",
            "I can offer tomorrow at eight. If she gets worse, please call the emergency number.",
            "We will wait until tonight.",
        ),
    ),
    Script(
        "Asked which vaccinations are needed for a journey; told to book vaccination advice.",
        (
            "Which vaccinations do I need for Vietnam?",
            "That depends on your plans and on what you have had. General medicine gives travel advice.",
            "How long before should I come?",
            "Six weeks before is best.",
        ),
    ),
    Script(
        "Asked for test results; not given by the assistant.",
        (
            "Are my blood results in?",
            "I cannot see results. Your doctor will tell you, or write to you in the app.",
            "It has been four days.",
            "I would call the practice then. They are there until five.",
        ),
    ),
    Script(
        "Asked whether the reminder by text message can be switched off.",
        (
            "Can I stop the text messages?",
            "Yes: in the app under Profile, switch reminders off. Codes to sign in still come.",
            "That is fine.",
        ),
    ),
    Script(
        "Has a new phone number; told how to change it in the app.",
        (
            "I have a new number. Where do I tell you?",
            "In the app under Profile. We send a code to the new number to be sure.",
            "And my old phone is gone.",
            "Then please come to the desk with an identity card; they will change it for you.",
        ),
    ),
    Script(
        "Asked for visiting hours of the ward.",
        (
            "When can I visit my husband on the third floor?",
            "Visits are possible from two to seven in the afternoon.",
            "Can I bring our grandson?",
            "Yes, children are welcome with an adult.",
        ),
    ),
    Script(
        "Complained about a long wait; passed on to the hospital.",
        (
            "I waited for fifty minutes on Monday, with an appointment!",
            "I am sorry. I can pass this on to the hospital. Would you like to be called back?",
            "No, just tell them.",
            "I have noted it.",
        ),
    ),
    Script(
        "Dialled the wrong hospital; given the right way to reach it.",
        (
            "Is this the eye clinic?",
            "No, we have no eye department. Shall I tell you which departments we have?",
            "Then I have the wrong number, sorry.",
        ),
    ),
    Script(
        "Asked to speak with a person; told the desk's hours.",
        (
            "I want to talk to a human being.",
            "The desk answers from eight to five on working days. Shall I book something meanwhile?",
            "No, I will call at eight.",
        ),
    ),
    Script(
        "Asked what to bring to the first appointment.",
        (
            "What should I bring along on Thursday?",
            "Your insurance card, a list of what you take, and earlier findings if you have any.",
            "I have an X-ray on a disc.",
            "Please bring that too.",
        ),
    ),
    Script(
        "Asked about side effects of a new tablet; told to call the doctor, no advice given.",
        (
            "Since the new tablets I feel dizzy in the morning.",
            "I must not advise on medicines. Please call your doctor today; if you faint, call the emergency number.",
            "I would rather have an appointment.",
            "I can offer tomorrow at half past nine.",
            "I will call the doctor first.",
        ),
    ),
    Script(
        "Asked for an appointment on a public holiday; the clinics are closed.",
        (
            "Are you open on the holiday?",
            "The clinics are closed; the emergency department is open day and night.",
            "The day after, then?",
            "From eight o'clock. Shall I look for a time?",
            "I will look in the app.",
        ),
    ),
    Script(
        "The line was bad; the caller hung up.",
        ("Hello? Hello?", "I can hear you. How can I help?", "I cannot hear anything."),
    ),
)
# Said to be booked, but no appointment was: the portal lists it.
CLAIMED_ONLY = Script(
    "Said that the assistant had booked Tuesday at ten; no appointment was made.",
    (
        "Can I come on Tuesday at ten?",
        "Yes, that is booked for you.",
        "Great, thank you.",
    ),
)
NOT_VERIFIED = (
    Script(
        "The caller could not confirm the birth date; nothing of the record was said.",
        (
            "I want to know about my prescription.",
            "For that I need the date of birth on file, please.",
            "I do not have it at hand, it is for my neighbour.",
            "Then I cannot say anything about it. The neighbour is welcome to call.",
        ),
    ),
    Script(
        "A caller asked whether his wife is here today; nothing was said.",
        (
            "Is my wife with you today?",
            "I cannot tell you who has an appointment. She can share it with you from the app.",
            "But I am her husband.",
            "I understand. Still, I may not say it.",
        ),
    ),
)
