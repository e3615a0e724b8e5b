"""A process that brings a tenant back from an archive and dies by kill -9 at a statement.

    python -m tests.lifecycle.doomed_at revive|restore|confirm <tenant> <archive> <words>

`words` are what the statement holds.

The statement is done, its transaction is not.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.db import connection


class Reaper:
    """Waits for the statement, and kills."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """Let the statement through, then see whether it was the one."""
        result = execute(sql, params, many, context)
        if self.words in str(sql):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from public_apps.tenants.archives import restore
    from public_apps.tenants.models import Tenant
    from public_apps.tenants.offboarding import tasks

    what, key, archive, words = sys.argv[1:]
    tenant = Tenant.objects.get(pk=key)
    with connection.execute_wrapper(Reaper(words)):
        if what == "revive":
            tasks.revive(tenant.pk, "", "test")
        elif what == "restore":
            restore.restore(tenant, path=Path(archive))
        else:
            restore.confirm(tenant)
