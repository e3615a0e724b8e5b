"""`manage.py tenant`: look after tenants from a shell."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import access
from billing.models import Subscription
from public_apps.tenants import domains, suspension
from public_apps.tenants.models import Status, Tenant

OPERATOR = "manage.py"


class Command(BaseCommand):
    help = "List tenants, suspend one, or resume it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="every tenant, oldest first")
        listing.add_argument("--status", choices=Status.values)
        listing.add_argument("--json", action="store_true")
        suspend = actions.add_parser("suspend", help="refuse a workspace's requests with 402")
        suspend.add_argument("tenant", help="subdomain or schema")
        suspend.add_argument("--reason", required=True)
        resume = actions.add_parser("resume", help="let a suspended workspace work again")
        resume.add_argument("tenant", help="subdomain or schema")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(options)
        elif options["action"] == "suspend":
            tenant = _named(options["tenant"])
            suspension.hold(tenant=tenant, reason=options["reason"], by=OPERATOR)
            self.stdout.write(f"suspended {tenant.schema_name}")
        else:
            tenant = _named(options["tenant"])
            access.resume(tenant=tenant, by=OPERATOR)
            self.stdout.write(f"resumed {tenant.schema_name}")

    def _list(self, options: dict[str, Any]) -> None:
        tenants = Tenant.objects.with_status().order_by("created_at")
        if options["status"]:
            tenants = tenants.filter(state=options["status"])
        newest = _newest_subscriptions()
        rows = [
            _row(tenant, newest.get(tenant.pk)) for tenant in tenants.prefetch_related("domains")
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write(
                f"{row['schema']}  {row['status']:<12}  {row['subdomain']:<40}  {row['name']}"
            )


def _named(name: str) -> Tenant:
    tenants = Tenant.objects.filter(claimed_at__isnull=False)
    tenant: Tenant | None = (
        tenants.filter(schema_name=name).first()
        or tenants.filter(domains__domain=domains.host_of(name.lower())).first()
    )
    if tenant is None:
        raise CommandError(f"No tenant has the subdomain or schema {name!r}.")
    return tenant


def _newest_subscriptions() -> dict[int, Subscription]:
    subscriptions = Subscription.objects.filter(tenant__isnull=False).select_related("plan")
    return {each.tenant_id or 0: each for each in subscriptions.order_by("created_at")}


def _row(tenant: Tenant, subscription: Subscription | None) -> dict[str, Any]:
    primary = next((each.domain for each in tenant.domains.all() if each.is_primary), "")
    plan = subscription.plan if subscription else None
    return {
        "schema": tenant.schema_name,
        "name": tenant.name,
        "subdomain": domains.label_of(primary),
        "primary_domain": primary,
        "owner_email": tenant.owner_email,
        "status": tenant.status.value,
        "plan": plan.code if plan else None,
        "subscription_status": subscription.status if subscription else None,
        "created_at": tenant.created_at,
    }
