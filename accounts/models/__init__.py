from accounts.models.access import AccessEvent, AuditCut, AuditSeal, BreakGlassGrant
from accounts.models.codes import GuessCounter, OneTimeCode
from accounts.models.devices import DeviceToken, LoginDevice
from accounts.models.erasure import ErasedNumber, ErasureRequest
from accounts.models.messages import SmsMessage, StaffMail
from accounts.models.user import Patient, Profile, User
from accounts.roles import Role

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
    "SmsMessage",
    "StaffMail",
    "User",
]
