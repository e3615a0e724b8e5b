"""The web process: `python -m config.gunicorn_start`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from public_apps.core import database_waits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()
database_waits.apply(settings.WEB_WAITS)

from public_apps.core import static_files, storable_text  # noqa: E402 - settings can be read from here on

static_files.refuse_without()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request; what Django can't even look at is taken out beforehand."""
    storable_text.disarm(environ)
    return _django(environ, start_response)
