"""Whether a patient writes of an emergency, and what to tell them at once."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from clinical.models import AiSession, Appointment
from hospitals.emergencies.actions import phrases_of
from hospitals.models import Hospital

# Written without spaces between words: found anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_APOSTROPHES = str.maketrans("", "", "'`\u2019\u2018\u02bc\u00b4")
_WORD = re.compile(r"\w+")
# Of a text that is longer, the beginning and the end: letters may unfold to many, and somebody waits.
_LOOKED_AT, _AT_THE_END = 8000, 2000


def is_emergency(plain: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases is in a text of `plain_words`."""
    return any(one in plain for one in _plain_phrases(tuple(phrases)))


def plain_words(text: str) -> str:
    """A text's words, each between single spaces; case, accents, apostrophes and what stands between words aside."""
    if len(text) > _LOOKED_AT + _AT_THE_END:
        text = f"{text[:_LOOKED_AT]} {text[-_AT_THE_END:]}"
    return _plain(text)


@functools.lru_cache(maxsize=256)
def _plain_phrases(phrases: tuple[str, ...]) -> tuple[str, ...]:
    plain = [_plain(phrase) for phrase in phrases]
    return tuple(one.strip() if _UNSPACED.search(one) else one for one in plain if one.strip())


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_APOSTROPHES)
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return f" {' '.join(_WORD.findall(letters))} "


def emergency_advice(session: AiSession, text: str) -> str | None:
    """What to do, as the hospital says it, else as we do; None where nothing in the text is an emergency's.

    The platform's words hold everywhere, a hospital's own where the talk is about it. A talk that names no hospital
    is about all that the patient has visits at: the one whose word it is answers, else that of the latest visit.
    """
    hospitals, said = _hospitals_of(session), plain_words(text)
    own = next((one for one in hospitals if is_emergency(said, phrases_of(one.emergency_words))), None)
    if own is None and not is_emergency(said, itertools.chain(*settings.EMERGENCY_WORDS.values())):
        return None
    told = own or (hospitals[0] if hospitals else None)
    return (told.emergency_text if told else None) or _(
        "This may be an emergency. Call your local emergency number now (112 in Europe, 911 in North America), or go"
        " to the nearest emergency department. The assistant cannot help with this."
    )


def _hospitals_of(session: AiSession) -> list[Hospital]:
    if session.hospital_id is not None:
        return list(Hospital.objects.filter(pk=session.hospital_id))
    visits = Appointment.objects.filter(patient=session.patient_id, hospital__isnull=False).order_by()
    latest = dict(visits.values_list("hospital").annotate(Max("start_ts")))
    return sorted(Hospital.objects.filter(pk__in=latest), key=lambda one: (latest[one.pk], one.pk), reverse=True)
