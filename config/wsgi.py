from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config.startup_errors import run_or_explain

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

application = run_or_explain(get_wsgi_application)
