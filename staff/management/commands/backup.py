"""`manage.py backup`: every tenant's archive into the store."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from public_apps.audit import audit
from public_apps.tenants.archives import backup, restore_test, store_ownership
from public_apps.tenants.archives.store_types import NoStore
from public_apps.tenants.lookup import named
from public_apps.tenants.models import Tenant

OPERATOR = "manage.py"


class Command(BaseCommand):
    help = (
        "Back up tenants into ARCHIVE_STORE; a run that was cut off goes on with what is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--all", action="store_true", help="every tenant in use")
        whom.add_argument("--tenant", help="one, by subdomain or schema")
        whom.add_argument(
            "--test", action="store_true", help="restore one backup, and those that failed, to see"
        )
        whom.add_argument(
            "--claim", metavar="DOMAIN",
            help="from now on the store, with all that is in it, is this installation's: name the base "
            "domain of whoever has it (doctor tells), or our own if nobody has",
        )  # fmt: skip
        parser.add_argument("--parallel", type=int, default=4, help="how many at once; default: 4")
        parser.add_argument(
            "--fresh-for", type=float, default=12, metavar="HOURS",
            help="leave out tenants with a backup younger than this; default: 12",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["claim"]:
                self._claim(options["claim"])
            elif options["test"]:
                self._test()
            else:
                self._back_up(self._chosen(options), parallel=max(1, options["parallel"]))
        except NoStore as refusal:
            raise CommandError(str(refusal)) from refusal

    def _chosen(self, options: dict[str, Any]) -> list[Tenant]:
        if options["all"]:
            return backup.due(fresh_for=timedelta(hours=options["fresh_for"]))
        tenant = named(options["tenant"])
        if tenant is None:
            raise CommandError(f"No tenant has the subdomain or schema {options['tenant']!r}.")
        return [tenant]

    def _back_up(self, tenants: list[Tenant], *, parallel: int) -> None:
        failed = 0
        for outcome in backup.back_up(tenants, parallel=parallel):
            failed += bool(outcome.error)
            self.stdout.write(f"{outcome.schema_name}  {outcome.error or outcome.key}")
        if failed:
            raise CommandError(f"{failed} of {len(tenants)} tenants were not backed up.")
        self.stdout.write(f"{len(tenants)} tenants were backed up.")

    def _claim(self, of: str) -> None:
        before = store_ownership.claim(of)
        whose = (
            f"{before.base_domain} (database {before.server}/{before.database})" if before else ""
        )
        detail = {"from": whose}
        audit.record(actor=OPERATOR, action="archives.store_claimed", detail=detail)
        self.stdout.write(f"The store is ours{f'; it was marked by {whose}' if whose else ''}.")

    def _test(self) -> None:
        reports = restore_test.rehearse()
        if not reports:
            raise CommandError("There is no backup yet.")
        for report in reports:
            well = f"{report.rows} rows in {report.milliseconds} ms"
            self.stdout.write(f"{report.backup}: {report.error or well}")
        if failed := sum(bool(report.error) for report in reports):
            raise CommandError(f"{failed} of {len(reports)} backups could not be restored.")
