"""A process that works on a departure and dies by kill -9 at the n-th write of its record.

    python -m tests.lifecycle.doomed <departure> <n> within|after <vault's folder>

`within`: the write is done, its transaction is not. `after`: the transaction has committed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import django
from django.db import connection

WRITE = 'UPDATE "tenants_departure" SET "tenant_id"'


class Reaper:
    """Counts the writes, and kills."""

    def __init__(self, nth: int, when: str) -> None:
        self.left, self.when = nth, when

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Let the statement through, then see whether it was the one."""
        if self.left == 0 and self.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        result = execute(sql, params, many, context)
        if sql.startswith(WRITE):
            self.left -= 1
            if self.left == 0 and self.when == "within":
                os.kill(os.getpid(), signal.SIGKILL)
        return result


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from public_apps.tenants import offboarding_hooks
    from public_apps.tenants.offboarding import steps
    from tests.lifecycle.folder_vault import FolderVault

    departure, nth, when, folder = sys.argv[1:]
    offboarding_hooks.use_archive_storage(FolderVault(Path(folder)))
    with (
        mock.patch.object(steps, "STILL_IN_USE", timedelta(0)),  # as in the test that started it
        connection.execute_wrapper(Reaper(int(nth), when)),
    ):
        steps.proceed(int(departure))
