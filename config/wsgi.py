"""The web process: `gunicorn -c config/gunicorn.py config.wsgi:application`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from public_apps.core import static_files  # noqa: E402 - settings can be read from here on

static_files.refuse_without()
