from accounts.models.access import AccessEvent, AuditCut, AuditSeal
from accounts.models.break_glass import BreakGlassGrant
from accounts.models.devices import DeviceToken, LoginDevice
from accounts.models.erasure import ErasedNumber, ErasureRequest
from accounts.models.guessing import GuessCounter, SendTally
from accounts.models.one_time_code import OneTimeCode
from accounts.models.people import Patient, Profile
from accounts.models.sms import SmsMessage
from accounts.models.staff_mail import StaffMail
from accounts.models.user import Role, User

__all__ = [
    "AccessEvent",
    "AuditCut",
    "AuditSeal",
    "BreakGlassGrant",
    "DeviceToken",
    "ErasedNumber",
    "ErasureRequest",
    "GuessCounter",
    "LoginDevice",
    "OneTimeCode",
    "Patient",
    "Profile",
    "Role",
    "SendTally",
    "SmsMessage",
    "StaffMail",
    "User",
]
