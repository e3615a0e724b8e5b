"""A process that imports or restores, and dies by kill -9 before its n-th COPY or at its commit.

python -m tests.archives.doomed import|restore <archive> <label> <n>
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
    """Counts statements that number a table on, one for each table, and kills."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """Let statements through until it is time."""
        self.left -= "setval" in str(sql) or "tenants_" in str(sql)
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from public_apps.tenants.archives import importer, restore
    from public_apps.tenants.lookup import named

    what, path, label, nth = sys.argv[1:]
    with connection.execute_wrapper(Reaper(int(nth))):
        if what == "import":
            importer.import_archive(Path(path), label=label)
        else:
            tenant = named(label)
            assert tenant
            restore.restore(tenant, path=Path(path))
