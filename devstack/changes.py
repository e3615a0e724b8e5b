"""Which files changed, and which parts of the system run them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Set as AbstractSet
from pathlib import Path

import watchfiles

from devstack.processes import ROOT

PRODUCT = ("config", "staff", "website", "billing", "tenant_apps", "public_apps", "locale")
MOCK_STRIPE = "mock_stripe"
# What a process reads once: code, translations, static files, examples of the API documents.
# Templates are read each time (`config.dev_settings`) and need no new process.
READ_ONCE = frozenset({".py", ".mo", ".css", ".js", ".svg", ".png", ".ico", ".yaml"})


class Watch(threading.Thread):
    """Puts each burst of changed files into `changes`, until `finish()`."""

    def __init__(self, root: Path = ROOT) -> None:
        super().__init__(name="watch", daemon=True)
        self.changes: queue.Queue[AbstractSet[Path]] = queue.Queue()
        self._folders = [root / name for name in (*PRODUCT, MOCK_STRIPE)]
        self._finished = threading.Event()

    def run(self) -> None:
        for changes in watchfiles.watch(
            *self._folders,
            watch_filter=lambda _, path: is_read_once(Path(path)),
            stop_event=self._finished,
            debounce=400,
        ):
            self.changes.put({Path(path) for _, path in changes})

    def finish(self) -> None:
        """Watch no longer."""
        self._finished.set()
        self.join()


def is_read_once(path: Path) -> bool:
    """Whether a process that runs must start again to take this file."""
    return path.suffix in READ_ONCE and not path.name.startswith(".")


def parts_of(changed: AbstractSet[Path], root: Path = ROOT) -> frozenset[str]:
    """Return the names of the parts that run these files."""
    folders = {path.relative_to(root).parts[0] for path in changed if path.is_relative_to(root)}
    parts = {"mock_stripe"} if MOCK_STRIPE in folders else set()
    return frozenset(parts | ({"web", "worker"} if folders.intersection(PRODUCT) else set()))
