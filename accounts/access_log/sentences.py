"""Lines of the access log as a person would say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.access_log.record import AccessAction
from accounts.roles import STAFF_KINDS, Role

if TYPE_CHECKING:
    from accounts.models import AccessEvent

# `actor` did it; `patient` is whose record it is; `other` is the member of staff it was done to.
SENTENCES: dict[str, Any] = {
    AccessAction.OPENED_PATIENT: lazy("%(actor)s opened the record of %(patient)s."),
    AccessAction.OPENED_TRANSCRIPT: lazy("%(actor)s opened the transcript of an AI conversation of %(patient)s."),
    AccessAction.OPENED_PRESCRIPTION: lazy("%(actor)s opened a prescription of %(patient)s."),
    AccessAction.OPENED_VISIT: lazy("%(actor)s opened an appointment of %(patient)s."),
    AccessAction.OPENED_AI_SESSION: lazy("%(actor)s opened the record of an AI conversation of %(patient)s."),
    AccessAction.STARTED_AI_SESSION: lazy("%(actor)s began a conversation with the assistant."),
    AccessAction.ENDED_AI_SESSION: lazy("%(actor)s ended a conversation with the assistant."),
    AccessAction.SEARCHED_PATIENTS: lazy("%(actor)s searched among patients."),
    AccessAction.PRINTED: lazy("%(actor)s printed from the record of %(patient)s."),
    AccessAction.EXPORTED: lazy("%(actor)s exported a table."),
    AccessAction.READ_ACCESS_LOG: lazy("%(actor)s looked through the access log."),
    AccessAction.PRESCRIBED: lazy("%(actor)s prescribed for %(patient)s."),
    AccessAction.WITHDREW_PRESCRIPTION: lazy("%(actor)s withdrew a prescription of %(patient)s."),
    AccessAction.DISMISSED_PRESCRIPTION: lazy(
        "%(actor)s dismissed the notice that a prescription of %(patient)s was rejected or expired."
    ),
    AccessAction.CLAIMED_PRESCRIPTION: lazy("%(actor)s was assigned a prescription of %(patient)s."),
    AccessAction.RELEASED_PRESCRIPTION: lazy("%(actor)s released a prescription of %(patient)s."),
    AccessAction.APPROVED_PRESCRIPTION: lazy("%(actor)s approved a prescription of %(patient)s."),
    AccessAction.DENIED_PRESCRIPTION: lazy("%(actor)s rejected a prescription of %(patient)s."),
    AccessAction.DISPENSED_PRESCRIPTION: lazy("%(actor)s dispensed a prescription of %(patient)s."),
    AccessAction.UNDID_DISPENSING: lazy("%(actor)s undid the dispensing of a prescription of %(patient)s."),
    AccessAction.TOOK_OVER_PRESCRIPTION: lazy("%(actor)s took a prescription of %(patient)s over from a colleague."),
    AccessAction.EXPIRED_PRESCRIPTION: lazy("A prescription of %(patient)s expired."),
    AccessAction.ASKED_PRESCRIBER: lazy("%(actor)s asked the doctor about a prescription of %(patient)s."),
    AccessAction.ANSWERED_PHARMACIST: lazy("%(actor)s answered the pharmacy about a prescription of %(patient)s."),
    AccessAction.MARKED_VISIT: lazy("%(actor)s recorded the outcome of an appointment of %(patient)s."),
    AccessAction.DECIDED_VISIT: lazy("%(actor)s decided what happens to an appointment of %(patient)s."),
    AccessAction.CONFIRMED_IDENTITY: lazy("%(actor)s confirmed that an appointment is that of %(patient)s."),
    AccessAction.WITHDREW_IDENTITY: lazy(
        "%(actor)s undid the confirmation that an appointment is that of %(patient)s."
    ),
    AccessAction.REQUESTED_BOOKING: lazy("%(actor)s asked for a change of a booking of %(patient)s."),
    AccessAction.WITHDREW_BOOKING: lazy("%(actor)s withdrew a request for a booking of %(patient)s."),
    AccessAction.CHANGED_HOURS: lazy("%(actor)s changed the hours of %(other)s."),
    AccessAction.PUSHED_HOURS: lazy("%(actor)s sent the hours of %(other)s to the booking calendar."),
    AccessAction.CONNECTED_DOCTOR: lazy("%(actor)s had %(other)s connected to the booking calendar."),
    AccessAction.CHANGED_STAFF: lazy("%(actor)s updated the profile of %(other)s."),
    AccessAction.CHANGED_HOSPITAL: lazy("%(actor)s changed the hospital's settings."),
    AccessAction.CHANGED_PROFILE: lazy("%(actor)s changed their own details."),
    AccessAction.SIGNED_IN: lazy("%(actor)s signed in."),
    AccessAction.SIGNED_OUT: lazy("%(actor)s signed out."),
    AccessAction.SIGN_IN_FAILED: lazy("Failed sign-in as %(other)s."),
    AccessAction.LOCKED_OUT: lazy("Sign-in as %(other)s was locked for a while after too many attempts."),
    AccessAction.RELEASED_LOCKOUT: lazy("%(actor)s unlocked the sign-in of %(other)s."),
    AccessAction.CHANGED_PASSWORD: lazy("%(actor)s changed the password of %(other)s."),
    AccessAction.CHANGED_PHONE: lazy("%(actor)s changed their phone number."),
    AccessAction.STEPPED_UP: lazy("%(actor)s gave the date of birth on a new device."),
    AccessAction.STEP_UP_LOCKED: lazy("%(actor)s gave a wrong date of birth too often."),
    AccessAction.RELEASED_STEP_UP: lazy("%(actor)s let %(patient)s try the date of birth again."),
    AccessAction.SENT_PASSWORD_LINK: lazy("A link to set a password was mailed to %(other)s."),
    AccessAction.ADDED_SECOND_FACTOR: lazy("%(actor)s set up two-factor authentication."),
    AccessAction.REMOVED_SECOND_FACTOR: lazy("%(actor)s removed the two-factor authentication of %(other)s."),
    AccessAction.RENEWED_RECOVERY_CODES: lazy("%(actor)s made new recovery codes."),
    AccessAction.REPLAYED_WEBHOOK: lazy("%(actor)s had events of the booking calendar reprocessed."),
    AccessAction.ASKED_ERASURE: lazy("%(actor)s asked to be erased."),
    AccessAction.WITHDREW_ERASURE: lazy("%(actor)s withdrew the request to be erased."),
    AccessAction.APPROVED_ERASURE: lazy("%(actor)s had %(patient)s erased."),
    AccessAction.ERASED: lazy("What is on file about %(patient)s was erased."),
    AccessAction.BROKE_GLASS: lazy("%(actor)s broke the glass: the hospital's records were opened."),
    AccessAction.ENDED_BREAK_GLASS: lazy("%(actor)s closed the hospital's records again."),
    AccessAction.LISTED_UNDER_BREAK_GLASS: lazy("%(actor)s saw %(patient)s in a list, having broken the glass."),
}
# What the log can be narrowed to, in words.
KINDS: dict[str, tuple[Any, frozenset[AccessAction]]] = {
    "read": (
        lazy("records opened"),
        frozenset(
            {
                AccessAction.OPENED_PATIENT,
                AccessAction.OPENED_TRANSCRIPT,
                AccessAction.OPENED_PRESCRIPTION,
                AccessAction.OPENED_VISIT,
                AccessAction.OPENED_AI_SESSION,
                AccessAction.SEARCHED_PATIENTS,
                AccessAction.LISTED_UNDER_BREAK_GLASS,
            }
        ),
    ),
    "taken": (
        lazy("exported, printed, log read"),
        frozenset({AccessAction.EXPORTED, AccessAction.PRINTED, AccessAction.READ_ACCESS_LOG}),
    ),
    "erased": (
        lazy("erasure"),
        frozenset(
            {
                AccessAction.ASKED_ERASURE,
                AccessAction.WITHDREW_ERASURE,
                AccessAction.APPROVED_ERASURE,
                AccessAction.ERASED,
            }
        ),
    ),
    "glass": (
        lazy("broken glass"),
        frozenset({AccessAction.BROKE_GLASS, AccessAction.ENDED_BREAK_GLASS, AccessAction.LISTED_UNDER_BREAK_GLASS}),
    ),
    "sign_in": (
        lazy("sign-in and passwords"),
        frozenset(
            {
                AccessAction.SIGNED_IN,
                AccessAction.SIGNED_OUT,
                AccessAction.SIGN_IN_FAILED,
                AccessAction.LOCKED_OUT,
                AccessAction.RELEASED_LOCKOUT,
                AccessAction.CHANGED_PASSWORD,
                AccessAction.SENT_PASSWORD_LINK,
                AccessAction.ADDED_SECOND_FACTOR,
                AccessAction.REMOVED_SECOND_FACTOR,
                AccessAction.RENEWED_RECOVERY_CODES,
            }
        ),
    ),
    "staff": (
        lazy("staff, hours, hospital"),
        frozenset(
            {
                AccessAction.CHANGED_STAFF,
                AccessAction.CHANGED_HOURS,
                AccessAction.PUSHED_HOURS,
                AccessAction.CONNECTED_DOCTOR,
                AccessAction.CHANGED_HOSPITAL,
            }
        ),
    ),
}
ROLES: dict[str, Any] = {
    Role.PATIENT.value: lazy("patient"),
    **{kind.role.value: kind.label for kind in STAFF_KINDS},
    "OPERATOR": lazy("platform operator"),
    "SYSTEM": lazy("Wardbook itself"),
}
SURFACES: dict[str, Any] = {
    "api": lazy("patient app"),
    "staff": lazy("clinical dashboard"),
    "admin": lazy("admin portal"),
    "worker": lazy("system"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """Who a line is about, by name where the reader may know it."""

    actor: str = ""
    patient: str = ""
    other: str = ""


def sentence(event: AccessEvent, named: Named) -> str:
    text = SENTENCES.get(event.action)
    words = {
        "actor": named.actor or (_("Wardbook") if event.actor_id is None else _("A person no longer on file")),
        "patient": named.patient or _("a patient"),
        "other": named.other or _("a member of staff"),
    }
    return str(text) % words if text else f"{words['actor']}: {event.action}"
