"""`manage.py domain`: look after customers' own domains from a shell."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from public_apps.audit import audit
from public_apps.core.errors import Problem
from public_apps.tenants.custom_domains import claims, overview
from public_apps.tenants.lookup import named
from public_apps.tenants.models import DomainClaim, Tenant

OPERATOR = "manage.py"


class Command(BaseCommand):
    help = "List a tenant's addresses; add, verify, prefer or remove a domain of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, told in {
            "list": "all addresses, as JSON",
            "add": "note a domain as the tenant's, and show the records that it needs",
            "verify": "ask DNS now",
            "first": "make this one of its addresses the first",
            "remove": "serve it no more",
        }.items():
            action = actions.add_parser(name, help=told)
            action.add_argument("tenant", help="subdomain, schema or domain")
            if name != "list":
                action.add_argument("host")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = named(options["tenant"])
        if tenant is None:
            raise CommandError(f"No tenant has the subdomain or schema {options['tenant']!r}.")
        action = options["action"]
        if action != "list":
            try:
                _ACTIONS[action](tenant, options["host"])
            except Problem as refusal:
                raise CommandError(refusal.detail) from refusal
            detail = {"host": options["host"]}
            audit.record(actor=OPERATOR, action=f"domain.{action}", target=tenant, detail=detail)
        self.stdout.write(json.dumps(_told(tenant), default=str, indent=2, ensure_ascii=False))


def _add(tenant: Tenant, host: str) -> None:
    claims.add(tenant=tenant, text=host, by=OPERATOR)


def _verify(tenant: Tenant, host: str) -> None:
    claims.check(claim=_claim(tenant, host), hurried=False)


def _first(tenant: Tenant, host: str) -> None:
    claims.make_primary(tenant=tenant, host=host, by=OPERATOR)


def _remove(tenant: Tenant, host: str) -> None:
    claims.remove(claim=_claim(tenant, host), by=OPERATOR)


_ACTIONS: dict[str, Callable[[Tenant, str], None]] = {
    "add": _add, "verify": _verify, "first": _first, "remove": _remove,
}  # fmt: skip


def _claim(tenant: Tenant, host: str) -> DomainClaim:
    claim: DomainClaim | None = tenant.domain_claims.filter(host=host.lower()).first()
    if claim is None:
        raise CommandError(f"{tenant} has not added {host}.")
    return claim


def _told(tenant: Tenant) -> dict[str, Any]:
    shown = overview.of(tenant)
    return {
        "subdomain": shown.subdomain_host,
        "first": tenant.primary_domain,
        "old_names": {each.domain: each.retires_at for each in shown.old_names},
        "own": [asdict(each) for each in shown.own],
    }
