"""`manage.py reconcile`: compare our mirror with Stripe, and bring it in line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import gateway, manual_mode, reconcile, repair
from billing.reconcile import Difference
from public_apps.tenants.lookup import named
from public_apps.tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Compare every tenant's mirror with Stripe and print what differs. "
        "Exits 1 while anything does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="bring our side in line")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--tenant", help="subdomain or schema; all by default")

    def handle(self, *args: Any, **options: Any) -> None:
        if manual_mode.is_on():
            raise CommandError("Manual mode: Stripe is not asked for anything.")
        tenant = _tenant(options["tenant"])
        try:
            found = reconcile.differences(tenant=tenant)
            self._show(found, as_json=options["json"])
            if found and options["fix"]:
                found = self._repair(found, tenant=tenant, as_json=options["json"])
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            raise CommandError(f"Stripe: {error}", returncode=2) from error
        if found:
            raise SystemExit(1)

    def _show(self, found: list[Difference], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([asdict(each) for each in found]))
            return
        for each in found:
            self.stdout.write(each.line)
        if not found:
            self.stdout.write("No differences.")

    def _repair(
        self, found: list[Difference], *, tenant: Tenant | None, as_json: bool
    ) -> list[Difference]:
        """Bring our side in line and return what is left, by another comparison."""
        repaired = repair.until_still(found, tenant=tenant)
        self._show_undone(repaired.undone, as_json=as_json)
        self._show_rest(repaired.left, as_json=as_json)
        return repaired.left

    def _show_undone(self, undone: list[str], *, as_json: bool) -> None:
        for line in undone if not as_json else ():
            self.stdout.write(f"nothing done: {line}")

    def _show_rest(self, left: list[Difference], *, as_json: bool) -> None:
        if as_json:  # one document on stdout; what is left shows in the exit status
            return
        for each in left:
            self.stdout.write(f"left for people: {each.line}")
        if not left:
            self.stdout.write("All repaired.")


def _tenant(name: str | None) -> Tenant | None:
    if not name:
        return None
    tenant = named(name)
    if tenant is None:
        raise CommandError(f"No tenant has the subdomain or schema {name!r}.")
    return tenant
