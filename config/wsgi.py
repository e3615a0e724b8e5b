"""The web process: `gunicorn -c config/gunicorn.py config.wsgi:application`."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from public_apps.core import database_waits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
database_waits.apply(settings.WEB_WAITS)
