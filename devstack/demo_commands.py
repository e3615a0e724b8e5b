"""What `bin/demo COMMAND` does with the demo that runs: look at it, step into it, let things happen."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from devstack import mailbox, pgbinaries, postgres, report, run_directory, services, watchdog
from devstack.console import Screen
from devstack.processes import ROOT
from devstack.visitor import Visitor

MOST_MAILS = 10
# What a first start makes in the demo's folder; tests, screenshots and the installer's log stay.
MADE = (
    "archives", "demo.env", "demo.json", "keys.json", "log", "mail", "mock_stripe", "ports.json",
    "static",
)  # fmt: skip
Document = dict[str, Any]


class NotServing(Exception):
    """What was asked for needs a demo that runs, or can't be found in it."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo that runs in a folder, as its files tell of it."""

    folder: Path
    told: Document
    settings: dict[str, str]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of an operator at this system."""
        return {**os.environ, **self.settings}

    @property
    def mock(self) -> str:
        """The mock Stripe's address."""
        return str(self.told["mock_stripe_url"])

    def tenants(self) -> list[Document]:
        """Return every workspace as `tenant list` shows it."""
        listed = subprocess.run(
            [sys.executable, "manage.py", "tenant", "list", "--json"],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if listed.returncode:
            raise NotServing(listed.stderr.strip().splitlines()[-1])
        rows: list[Document] = json.loads(listed.stdout)
        return rows

    def tenant(self, name: str | None) -> Document:
        """Return the workspace of this subdomain or schema, or the one that the demo bought."""
        wanted = name or urlsplit(self.told.get("tenant_url", "")).hostname or ""
        for row in self.tenants():
            if wanted and wanted in {row["subdomain"], row["schema"], row["primary_domain"]}:
                return row
        raise NotServing(f"There is no workspace {wanted!r}: “bin/demo status” names them.")

    def subscription(self, name: str | None) -> Document:
        """Return the newest subscription of a workspace's owner, as the mock Stripe shows it."""
        tenant = self.tenant(name)
        for customer in self._stripe("customers", email=tenant["owner_email"]):
            for subscription in self._stripe(
                "subscriptions", customer=customer["id"], status="all"
            ):
                return subscription
        raise NotServing(f"{tenant['subdomain']} has no subscription at the mock Stripe.")

    def control(self, path: str, body: Document) -> Document:
        """Turn one of the mock Stripe's controls. Raises NotServing with its own words."""
        said: Document = Visitor().post_json(f"{self.mock}/_control/{path}", body).json()
        if "error" in said:
            raise NotServing(str(said["error"]["message"]))
        return said

    def _stripe(self, kind: str, **where: str) -> list[Document]:
        headers = {"Authorization": f"Bearer {self.settings['STRIPE_SECRET_KEY']}"}
        url = f"{self.mock}/v1/{kind}?{urlencode(where)}"
        found: list[Document] = Visitor().get(url, headers=headers).json()["data"]
        return found


def running(folder: Path) -> Demo:
    """Return the demo that runs in this folder. Raises NotServing."""
    try:
        told = json.loads((folder / report.TOLD).read_text())
        settings = report.read_environment(folder / report.ENVIRONMENT)
    except FileNotFoundError:
        told, settings = {"pids": {}}, {}
    if not any(map(watchdog.is_there, told["pids"].values())):
        raise NotServing("No demo runs here: start it with bin/demo, in another terminal.")
    return Demo(folder=folder, told=told, settings=settings)


def status(demo: Demo, screen: Screen, _options: argparse.Namespace) -> int:
    """Show the box of the start again, every workspace, and what is not well; 1 if something is not."""
    screen.box("New Concierge is running", report.rows(demo.told, demo.folder))
    rows = [
        (row["subdomain"], f"{row['status']}, {row['plan'] or 'no plan'}, {row['owner_email']}")
        for row in demo.tenants()
        if row["status"] != "spare"
    ]
    screen.box("Workspaces", rows or [("none", "")])
    failing = services.not_ready(urlsplit(demo.told["web_url"]).port or 80)
    screen.plain(f"Not well: {', '.join(failing)}." if failing else "All is well.")
    return 1 if failing else 0


def shell(demo: Demo, _screen: Screen, options: argparse.Namespace) -> int:
    """Become a Django shell, inside a workspace if one is named."""
    command = ["shell"]
    if options.tenant:
        schema = demo.tenant(options.tenant)["schema"]
        command = ["tenant_command", "shell", f"--schema={schema}"]
    os.chdir(ROOT)
    os.execve(  # noqa: S606 - our own words
        sys.executable, [sys.executable, "manage.py", *command], demo.environ
    )


def psql(demo: Demo, _screen: Screen, options: argparse.Namespace) -> int:
    """Become psql at the database, in a workspace's schema if one is named."""
    schema = demo.tenant(options.tenant)["schema"] if options.tenant else "public"
    program = pgbinaries.psql() or shutil.which("psql")
    if program is None:
        raise NotServing("There is no psql here; demo.json has the database's address.")
    environ = {**demo.environ, "PGOPTIONS": f"-c search_path={schema},public"}
    os.execve(program, [program, demo.told["database_url"]], environ)  # noqa: S606 - our own words


def mail(demo: Demo, screen: Screen, _options: argparse.Namespace) -> int:
    """Say where mails are read in a browser, and show the last of them."""
    screen.plain(f"Mails are read at {demo.told['mail_url']}/")
    for each in mailbox.all_mails(Path(demo.told["mail_dir"]))[-MOST_MAILS:]:
        screen.plain(f"  {each['To']}: {each['Subject']}")
    return 0


def simulate(demo: Demo, screen: Screen, options: argparse.Namespace) -> int:
    """Let something happen to a workspace's subscription."""
    subscription = demo.subscription(options.tenant)
    after = demo.control(f"subscriptions/{subscription['id']}/simulate", {"what": options.what})
    screen.plain(f"{subscription['id']}: {options.what}; it is {after['status']} now.")
    return 0


def clock(demo: Demo, screen: Screen, options: argparse.Namespace) -> int:
    """Put the mock Stripe's clock forward; what becomes due by that happens."""
    now = demo.control("clock", {"advance": options.advance})["now"]
    screen.plain(
        f"By the mock Stripe's clock it is {datetime.fromtimestamp(now, UTC):%d %B %Y, %H:%M} UTC."
    )
    return 0


COMMANDS: dict[str, Callable[[Demo, Screen, argparse.Namespace], int]] = {
    "status": status,
    "shell": shell,
    "psql": psql,
    "mail": mail,
    "simulate": simulate,
    "clock": clock,
}


def reset(folder: Path, screen: Screen) -> int:
    """Remove all that the demo has made in its folder. Raises StateInUse while it runs."""
    os.close(run_directory.hold(folder))
    elsewhere = folder / postgres.ELSEWHERE
    if elsewhere.is_symlink():
        shutil.rmtree(elsewhere.resolve(), ignore_errors=True)
        elsewhere.unlink()
    for path in [*(folder / name for name in MADE), *folder.glob("postgres-*")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    screen.plain("All forgotten: the next bin/demo is the first one again.")
    return 0


def play(folder: Path, screen: Screen, options: argparse.Namespace) -> int:
    """Do what the command line asks for with the demo of this folder; return the exit code."""
    try:
        if options.command == "reset":
            return reset(folder, screen)
        return COMMANDS[options.command](running(folder), screen, options)
    except (NotServing, run_directory.StateInUse) as refusal:
        screen.plain(str(refusal))
        return 1
