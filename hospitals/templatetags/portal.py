from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin import site
from django.utils.text import capfirst

register = template.Library()


@register.filter
def list_title(opts: Any) -> str:
    """What the portal calls the list of a model; the model's own name is for programmers."""
    page = site.get_model_admin(opts.model) if site.is_registered(opts.model) else None
    return str(capfirst(getattr(page, "list_title", None) or opts.verbose_name_plural))
