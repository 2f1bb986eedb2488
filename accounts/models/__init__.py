from accounts.models.access import AccessEvent, AuditSeal
from accounts.models.break_glass import BreakGlassGrant
from accounts.models.devices import DeviceToken, LoginDevice
from accounts.models.guessing import GuessCounter, SendTally
from accounts.models.one_time_code import OneTimeCode
from accounts.models.people import Patient, Profile
from accounts.models.sms import SmsMessage
from accounts.models.staff_mail import StaffMail
from accounts.models.user import Role, User

__all__ = [
    "AccessEvent",
    "AuditSeal",
    "BreakGlassGrant",
    "DeviceToken",
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
