# ruff: noqa: RUF001  (letters of several scripts look alike)
"""The chat with the assistant in the patients' app."""

from __future__ import annotations

import datetime as dt

CHAT_WAIT_SECONDS = 10.0
CHAT_MESSAGE_LENGTH = 2000
# Of all turns together: a talk that is longer goes on in a new one.
CHAT_TRANSCRIPT_LENGTH = 64_000
CHAT_IDLE = dt.timedelta(minutes=30)
# Of one patient. Each message costs money.
CHAT_MESSAGES_A_MINUTE = 10
CHAT_MESSAGES_AN_HOUR = 100
CHAT_SESSIONS_AN_HOUR = 10
# Of one talk, that are written down; whoever goes on is answered as the last time.
CHAT_EMERGENCIES_A_TALK = 10

# A message with one of these never goes to the assistant: the hospital's emergency text answers at once. Whole words,
# whatever their case and accents. Better one too many: who gets the text for nothing writes another sentence.
EMERGENCY_WORDS: dict[str, tuple[str, ...]] = {
    "en": (
        *(
            "emergency",
            "ambulance",
            "heart attack",
            "chest pain",
            "chest pains",
            "stroke",
            "unconscious",
            "not breathing",
        ),
        *("can't breathe", "cannot breathe", "cant breath", "can not breathe", "choking", "bleeding heavily"),
        *(
            "severe bleeding",
            "overdose",
            "poisoned",
            "anaphylaxis",
            "suicide",
            "suicidal",
            "kill myself",
            "end my life",
        ),
    ),
    "de": (
        *("notfall", "notarzt", "rettung", "krankenwagen", "herzinfarkt", "brustschmerzen", "schmerzen in der brust"),
        *("schlaganfall", "bewusstlos", "atemnot", "keine luft", "erstickt", "starke blutung", "überdosis"),
        *("vergiftet", "selbstmord", "suizid", "umbringen", "nicht mehr leben"),
    ),
    "es": (
        *("emergencia", "urgencia", "ambulancia", "infarto", "dolor en el pecho", "dolor de pecho", "derrame cerebral"),
        *("inconsciente", "no respira", "no puedo respirar", "me ahogo", "sobredosis", "suicidio", "suicidarme"),
        *("matarme", "quiero morir"),
    ),
    "fr": (
        *(
            "urgence",
            "ambulance",
            "samu",
            "crise cardiaque",
            "infarctus",
            "douleur à la poitrine",
            "douleur thoracique",
        ),
        *("avc", "inconscient", "inconsciente", "ne respire pas", "ne respire plus", "peux pas respirer"),
        *("j'étouffe", "overdose", "surdose", "suicide", "suicider", "me tuer"),
    ),
    "it": (
        *("emergenza", "ambulanza", "infarto", "dolore al petto", "ictus", "incosciente", "non respira"),
        *("non riesco a respirare", "overdose", "suicidio", "suicidarmi", "uccidermi"),
    ),
    "pt": (
        *("emergência", "ambulância", "infarto", "enfarte", "dor no peito", "avc", "inconsciente", "não respira"),
        *("não consigo respirar", "overdose", "suicídio", "me matar"),
    ),
    "tr": ("acil", "ambulans", "kalp krizi", "göğüs ağrısı", "felç", "nefes alamıyorum", "intihar"),
    "uk": ("швидка допомога", "серцевий напад", "біль у грудях", "інсульт", "не можу дихати", "самогубство"),
    "ru": ("скорая", "скорую", "инфаркт", "боль в груди", "инсульт", "не могу дышать", "без сознания", "самоубийство"),
    "ar": ("طوارئ", "إسعاف", "الإسعاف", "نوبة قلبية", "ألم في الصدر", "جلطة", "لا أستطيع التنفس", "انتحار", "الانتحار"),
    "zh": ("急救", "救护车", "胸痛", "心脏病发作", "中风", "无法呼吸", "不能呼吸", "自杀", "昏迷"),
    "hi": ("आपातकाल", "एम्बुलेंस", "दिल का दौरा", "सीने में दर्द", "सांस नहीं", "आत्महत्या"),
}
