"""`manage.py migrate_fleet`: the release step. Public first, then every tenant that is behind."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from public_apps.core import own_session
from public_apps.tenants import lookup
from public_apps.tenants.models import Tenant
from public_apps.tenants.rollout import inspection, release
from public_apps.tenants.rollout.release import Options, Summary

PROGRESS_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Migrate the shared schema, then every tenant's: spares first, then the chosen canaries, "
        "then the rest. Goes on past a bad tenant; exit 1 names it. Leaves alone what is ahead of this "
        "release, so that one can be rolled back. Safe to run again after any end."
    )

    # A release that has nothing to do shall take no time; whether the code is sound, bin/test says.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", action="store_true", help="only show what would be done")
        parser.add_argument(
            "--tenant", action="append", default=[], metavar="NAME",
            help="only this tenant (subdomain or schema); may be repeated",
        )  # fmt: skip
        parser.add_argument(
            "--canary", action="append", default=[], metavar="NAME",
            help="this tenant goes before the rest, after the spares; may be repeated",
        )  # fmt: skip
        parser.add_argument("--processes", type=int, help="how many at once (default: processors)")
        parser.add_argument(
            "--stop-at", type=float, default=0.1, metavar="SHARE",
            help="stop when more than this share has failed, three at least (default 0.1)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if own_session.is_shared():
            raise CommandError(own_session.REFUSAL)
        only = [_schema_of(name) for name in options["tenant"]]
        if options["plan"]:
            self._show_plan(only, as_json=options["json"])
            return
        wishes = Options(
            only=only,
            canaries=[_schema_of(name) for name in options["canary"]],
            most_failing=options["stop_at"],
            **({"processes": options["processes"]} if options["processes"] else {}),
        )
        as_json = options["json"]
        summary = release.run(wishes, Terminal(self.stderr if as_json else self.stdout))
        if as_json:
            self.stdout.write(json.dumps(asdict(summary)))
        else:
            self.stdout.write(_in_words(summary))
        if not summary.is_whole:
            bad = [*summary.failed, *summary.not_reached]
            raise CommandError(f"not at head: {', '.join(bad)}")

    def _show_plan(self, only: list[str], *, as_json: bool) -> None:
        found = inspection.take(only=only)
        groups = [{"tenants": g.schema_names, "migrations": g.lacking} for g in found.groups]
        if as_json:
            plan = {
                "at_head": found.at_head, "ahead": found.ahead, "groups": groups,
                "broken": found.broken,
            }  # fmt: skip
            self.stdout.write(json.dumps(plan))
            return
        self.stdout.write(f"{found.at_head} of {found.total} tenants are at head")
        if found.ahead:
            self.stdout.write(f"{len(found.ahead)} are ahead of this release")
        for group in groups:
            names = ", ".join(group["migrations"]) or "only content types and permissions"
            self.stdout.write(f"{len(group['tenants'])} need {names}")
        for name, reason in found.broken.items():
            self.stdout.write(f"broken   {name}: {reason}")


class Terminal:
    """Tells how a release goes, at most once a second."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._told_at = time.monotonic()

    def say(self, line: str) -> None:
        """Write a line."""
        self._out.write(line)

    def progress(self, *, done: int, total: int, failed: int, seconds: float) -> None:
        """Write how far it is, how fast, and how long it will take."""
        now = time.monotonic()
        if now - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = now
        rate = done / seconds
        left = (total - done) / rate
        self._out.write(
            f"{done} of {total}, {failed} failed, {rate:.0f} a second, {left:.0f} s to go"
        )


def _schema_of(name: str) -> str:
    tenant = Tenant.objects.filter(schema_name=name).first() or lookup.named(name)
    if tenant is None:
        raise CommandError(f"No tenant is called {name!r}.")
    return str(tenant.schema_name)


def _in_words(summary: Summary) -> str:
    return (
        f"{len(summary.migrated)} migrated, {summary.at_head} were at head, "
        f"{summary.ahead} are ahead of it, "
        f"{len(summary.failed)} failed, {len(summary.not_reached)} not reached, "
        f"in {summary.seconds:.1f} s"
    )
