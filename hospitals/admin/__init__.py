from django.contrib import admin
from django.contrib.auth.models import Group

from hospitals.access_log import admin as access_log
from hospitals.admin import hospitals
from hospitals.staff import admin as staff

# Roles are code (`accounts.permissions`); a group would grant nothing.
admin.site.unregister(Group)

__all__ = ["access_log", "hospitals", "staff"]
