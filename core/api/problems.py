"""Every problem that the patient API may answer: the one list behind documents, description and pages.

In English alone, as all that is written for who builds an app.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGES = "/api/problems/"


@dataclass(frozen=True, slots=True)
class Problem:
    """`means` and `do` are for the page of the problem."""

    code: str
    status: int
    title: str
    means: str
    do: str
    # What its documents say where no refusal has a message of its own.
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", self.detail or f"{self.title}.")

    @property
    def page(self) -> str:
        return f"{PAGES}{self.code}/"


_RELOAD = "Load the appointment again and show it as it is now."
_WAIT = "Wait for the number of seconds in `Retry-After`, then try again."
_BUG = "Correct the app: sending the same again will be refused again."
_SIGN_IN = "Delete the token and ask the patient to sign in."

_ALL = (
    # What was sent.
    Problem(
        *("invalid", 400, "Some fields are not valid"),
        "One or more fields of the body, or parameters of the address, are missing, unknown or not as described.",
        "Show each entry of `errors` beside its field. An unknown field or parameter is a mistake in the app.",
    ),
    Problem(
        *("bad_request", 400, "The request cannot be read"),
        "The body is not JSON, or holds a null character.",
        _BUG,
        detail="The body is not JSON.",
    ),
    Problem(
        *("invalid_cursor", 400, "The page of the list does not exist"),
        "The cursor is not one that this API gave out, or the list has changed since.",
        "Load the list from its beginning.",
        detail="This page address is not one of ours.",
    ),
    Problem(
        *("invalid_phone", 400, "Not a phone number that receives text messages"),
        "The number is incomplete, is a landline or a premium number, or belongs to a country that is not served.",
        "Ask for a mobile number in international form, such as +436601234567.",
    ),
    Problem(
        *("invalid_code", 400, "The code is not valid"),
        "The code is wrong, was used before, has expired, or was sent for another number. Which it is, is never said.",
        "Let the patient try again. After three wrong tries, or five minutes, a new code is needed.",
    ),
    Problem(
        *("wrong_birth_date", 400, "Not the date of birth on file"),
        "The date of birth that was given is not the patient's.",
        "Let the patient try again: after three wrong dates, hospital staff must check who they are.",
    ),
    Problem(
        *("in_the_past", 400, "The time has passed"),
        "The start of the appointment is earlier than now.",
        "Load the free times again and offer those.",
    ),
    Problem(
        *("too_far", 400, "Too far ahead"), "Appointments can be booked up to 12 months ahead.", "Offer earlier times."
    ),
    Problem(
        *("idempotency_key_required", 400, "No valid Idempotency-Key"),
        "The call needs the header `Idempotency-Key`, and it is absent, or is not 1 to 255 visible ASCII characters.",
        "Send a key that is new for each thing the patient wants, such as a random UUID.",
    ),
    Problem(
        *("message_too_long", 400, "The message is too long"),
        "A message to the assistant has at most 2,000 characters.",
        "Ask the patient to write less.",
    ),
    Problem(
        *("unknown_hospital", 400, "There is no such hospital"),
        "The hospital is absent or closed.",
        "Load the hospitals again.",
    ),
    # Who asks.
    Problem(
        *("not_authenticated", 401, "No token"),
        "The call needs the header `Authorization: Bearer <token>`.",
        _SIGN_IN,
        detail="Authentication credentials were not provided.",
    ),
    Problem(
        *("invalid_token", 401, "The token is not valid"),
        "The token has expired, or the device was signed out, here or from another one.",
        _SIGN_IN,
        detail="Invalid token.",
    ),
    Problem(
        *("forbidden", 403, "Not for this token"),
        "The token does not belong to a patient.",
        _SIGN_IN,
        detail="You do not have permission to perform this action.",
    ),
    Problem(
        *("step_up_required", 403, "The device has to prove more"),
        "The phone number is proven, but this device is new to a patient whose date of birth is on file.",
        "Ask for the date of birth and send it to `auth/step-up/`, then try again.",
    ),
    Problem(
        *("step_up_locked", 403, "The device is locked"),
        "Three wrong dates of birth were given on this device.",
        "Ask the patient to contact a hospital: its staff can check who they are and unlock the device.",
    ),
    # What is there.
    Problem(
        *("not_found", 404, "Not found"),
        "There is nothing at this address, or it belongs to another person. The two are never told apart.",
        "Load the list that it came from again.",
    ),
    Problem(
        *("method_not_allowed", 405, "The method is not supported here"),
        "The address exists, but does not take this HTTP method; the header `Allow` lists those it takes.",
        _BUG,
        detail='Method "PUT" not allowed.',
    ),
    Problem(
        *("not_acceptable", 406, "JSON is not accepted"),
        "The header `Accept` excludes JSON, and the API answers nothing else.",
        "Send `Accept: application/json`, or no such header.",
        detail="Could not satisfy the request Accept header.",
    ),
    Problem(*("too_large", 413, "The body is too large"), "A body has at most 64 KiB.", _BUG),
    Problem(
        *("unsupported_media_type", 415, "The body is not JSON"),
        "The header `Content-Type` has to be `application/json`.",
        _BUG,
        detail='Unsupported media type "text/plain" in request.',
    ),
    # How things are.
    Problem(
        *("name_required", 409, "A name is needed first"),
        "A picture cannot be kept for a patient who has not given a name.",
        "Ask for the name, and send both.",
    ),
    Problem(
        *("profile_incomplete", 409, "The profile has no name"),
        "An appointment is booked under the patient's name, and there is none on file.",
        "Ask for the name, send it by `PATCH me/`, then book with a new key.",
    ),
    Problem(
        *("slot_taken", 409, "The time is not free"),
        "The start is not one of the doctor's free times, or was booked by another person a moment ago.",
        "Load the free times again and offer those.",
        detail="This time has been taken in the meantime.",
    ),
    Problem(
        *("not_bookable", 409, "The doctor cannot be booked in the app"),
        "The doctor has left, or is not connected to the booking calendar.",
        "Offer other doctors, or suggest calling the hospital.",
    ),
    Problem(
        *("phone_not_valid", 409, "The calendar does not accept the phone number"),
        "The patient's number receives our messages, but the booking calendar takes it for invalid.",
        "Offer to change the number (`auth/phone/`).",
        detail="The booking calendar does not accept your phone number. Change it to a valid number, then book.",
    ),
    Problem(
        *("too_many_open", 409, "Too many open appointments"),
        "A patient has at most three open appointments. Bookings that are pending count.",
        "Show the open appointments and pending bookings: one has to take place, be cancelled or be withdrawn first.",
    ),
    Problem(
        *("visit_not_open", 409, "The appointment can no longer be changed"),
        "It was cancelled, or it has begun.",
        _RELOAD,
    ),
    Problem(
        *("visit_changed", 409, "The appointment has changed"),
        "It was moved or cancelled while the request was being carried out.",
        _RELOAD,
    ),
    Problem(
        *("change_pending", 409, "Another change is pending"),
        "A move or cancellation of this appointment was asked for, and its outcome is not known yet.",
        "Ask `appointments/requests/` until it is settled.",
    ),
    Problem(
        *("calendar_unavailable", 409, "The booking calendar could not be reached"),
        "The request was given up, at the latest an hour after it was made. As far as is known, nothing was done.",
        "Offer to try again later, with a new key.",
    ),
    Problem(
        *("not_cancelled", 409, "The appointment was not cancelled"),
        "The booking calendar took the cancellation but keeps the booking.",
        "Suggest calling the hospital.",
    ),
    Problem(
        *("refused", 409, "Refused by the booking calendar"),
        "The booking calendar refused the request, for example because the start is too soon.",
        "Offer other times, or suggest calling the hospital.",
    ),
    Problem(
        *("withdrawn", 409, "The request was withdrawn"),
        "The patient withdrew this booking or move before it was carried out.",
        "Nothing; the patient may book again with a new key.",
    ),
    Problem(
        *("not_withdrawable", 409, "The request can no longer be withdrawn"),
        "It was carried out in the meantime, or is a cancellation, which cannot be stopped.",
        _RELOAD,
    ),
    Problem(
        *("person_erased", 409, "The person has been erased"),
        "All data about this person were erased a moment ago.",
        "Delete the token and everything that the app keeps about the person.",
    ),
    Problem(
        *("message_running", 409, "The assistant is still answering"),
        "A conversation takes one message at a time, and the one before has no reply yet.",
        "Wait for its reply, then send the message.",
    ),
    Problem(
        *("session_ended", 409, "The conversation is over"),
        "It was ended by the patient, or after 30 minutes of silence, or it was a phone call.",
        "Begin a new conversation.",
    ),
    Problem(
        *("session_full", 409, "The conversation is too long"),
        "There is no room for another message in this conversation.",
        "Begin a new conversation.",
    ),
    Problem(
        *("no_phone", 409, "No phone number on file"),
        "There is no number to which a code could be sent.",
        "Ask the patient to contact a hospital.",
    ),
    Problem(
        *("not_asked", 409, "No request to withdraw"),
        "The patient has not asked to be erased.",
        "Load `me/erase/` again.",
    ),
    Problem(
        *("being_erased", 409, "The erasure has begun"),
        "An operator is carrying out the request to be erased: it is too late to withdraw it.",
        "Tell the patient.",
    ),
    Problem(
        *("idempotency_key_in_use", 409, "The first request is still running"),
        "A request with the same `Idempotency-Key` arrived a moment ago and is not finished.",
        "Wait for the number of seconds in `Retry-After`, then send the same request with the same key.",
    ),
    Problem(
        *("idempotency_key_reused", 422, "One key for two requests"),
        "The `Idempotency-Key` was used in the last 24 hours for a different request.",
        "Correct the app: a key belongs to one request, and is repeated only with the very same body.",
    ),
    # How often.
    Problem(
        *("too_many_requests", 429, "Too many requests"),
        "A device, an address or a phone number has reached its limit. `RateLimit-Policy` says which limits apply.",
        _WAIT,
    ),
    Problem(
        *("too_many_changes", 429, "Too many changes of appointments"),
        "The patient has moved or cancelled appointments too often in the last hour.",
        _WAIT,
    ),
    Problem(
        *("too_many_messages", 429, "Too many messages"),
        "The patient has sent too many messages to the assistant in the last minute or hour.",
        _WAIT,
    ),
    Problem(
        *("too_many_sessions", 429, "Too many conversations"),
        "The patient has begun too many conversations with the assistant in the last hour.",
        _WAIT,
    ),
    # Where it fails.
    Problem(
        *("server_error", 500, "A fault of the server"),
        "Something went wrong on our side; it has been logged under the `request_id`.",
        "Try again with growing pauses. A request with an `Idempotency-Key` is sent again with the same key.",
        detail="Something went wrong on our side. It has been logged.",
    ),
    Problem(
        *("assistant_unavailable", 503, "The assistant does not answer"),
        "The assistant cannot be reached. What the patient wrote is kept in the conversation.",
        "Offer to send the same message again, with the same key.",
    ),
)
PROBLEMS = {problem.code: problem for problem in _ALL}
