from __future__ import annotations

import datetime as dt

from django import template
from django.utils.timezone import localtime

from core.times import repeated_offset

register = template.Library()


@register.filter
def offset_if_repeated(moment: dt.datetime) -> str:
    """To be written behind a moment's time of day: ` +02:00` where the clock shows that time twice, else nothing."""
    return repeated_offset(localtime(moment))
