"""`demo.json` and `demo.env`: what a run tells to programs and operators."""

from __future__ import annotations

import json
import shlex
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devstack import environment, run_directory
from devstack.journey import Customer
from devstack.stack import Stack

TOLD, ENVIRONMENT = "demo.json", "demo.env"


class Report:
    """Both files of one run, kept true while it lasts; for our eyes only, as they hold passwords."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._guard = threading.Lock()
        self._path = stack.folder / TOLD
        self._environment = stack.folder / ENVIRONMENT
        self._journey: dict[str, Any] = {}
        # Those of the last run would send a reader to processes that are gone.
        self._path.unlink(missing_ok=True)
        self._environment.unlink(missing_ok=True)

    def write(self) -> None:
        """Write both files as things are now."""
        with self._guard:
            settings = environment.marked(environment.settings_of(self._stack.env))
            run_directory.write_private(self._environment, environment.as_shell(settings))
            run_directory.write_private(self._path, json.dumps(self.content(), indent=2) + "\n")

    def add_journey(self, customer: Customer, timings_ms: dict[str, float]) -> None:
        """Add what the sample purchase left behind."""
        self._journey = {
            "tenant_url": customer.workspace_url,
            "owner_email": customer.email,
            "owner_password": customer.password,
            "timings_ms": timings_ms,
        }
        self.write()

    def content(self) -> dict[str, Any]:
        """Return what `demo.json` says."""
        stack = self._stack
        return {
            "web_url": stack.web_url,
            "base_domain": stack.base_domain,
            "mock_stripe_url": stack.mock_url,
            "webhook_secret": stack.env["STRIPE_WEBHOOK_SECRET"],
            "database_url": stack.database_url,
            "mail_dir": str(stack.mail_dir),
            "mail_url": stack.mail_url,
            "staff_email": stack.env["DJANGO_SUPERUSER_EMAIL"],
            "staff_password": stack.env["DJANGO_SUPERUSER_PASSWORD"],
            "pids": stack.pids,
            **({"frontend_url": stack.frontend_url} if stack.frontend_url else {}),
            **self._journey,
        }


def rows(told: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Return what there is to click on, and the passwords for it, from what `demo.json` says."""
    found = [("Public site", f"{told['web_url']}/")]
    if site := told.get("frontend_url"):
        found.append(("Next.js site", f"{site}/"))
    if "tenant_url" in told:
        found.append(("Workspace", f"{told['tenant_url']}/"))
        if site:
            found.append(("  in Next.js", f"{site}/w/{urlsplit(told['tenant_url']).hostname}"))
        found.append(("  owner", f"{told['owner_email']}  {told['owner_password']}"))
    found.append(("Admin", f"{told['web_url']}/admin/"))
    found.append(("  staff", f"{told['staff_email']}  {told['staff_password']}"))
    found.append(("Mock Stripe", told["mock_stripe_url"]))
    found.append(("Mails", told["mail_url"]))
    found.append(("Logs", str(folder / "log")))
    return found


def read_environment(path: Path) -> dict[str, str]:
    """Return the settings of a `demo.env`. Raises FileNotFoundError."""
    words = shlex.split(path.read_text())
    return dict(word.split("=", 1) for word in words if not word.startswith("#"))
