from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from config.startup_errors import require_settings_module, run_or_explain

run_or_explain(require_settings_module)

application = run_or_explain(get_wsgi_application)
