"""Whether a patient writes of an emergency, and what to tell them at once."""

from __future__ import annotations

import itertools

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from clinical.emergency_words import is_emergency, plain_words
from clinical.models import AiSession, Appointment
from hospitals.emergencies.actions import phrases_of
from hospitals.models import Hospital


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
