from __future__ import annotations

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

# The package registers them, keys included. A lost one is reset on its owner's page, and nothing else is to be done.
admin.site.unregister([TOTPDevice, StaticDevice])
