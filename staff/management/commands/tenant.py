"""`manage.py tenant`: look after tenants from a shell."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing import access, archiving, manual_mode
from billing.manual_mode import Opening
from billing.models import Subscription
from public_apps.audit import audit
from public_apps.core import clock, errors
from public_apps.tenants import domains, suspension
from public_apps.tenants.lookup import named
from public_apps.tenants.models import Status, Tenant
from public_apps.tenants.offboarding import departures, orphans, reactivation
from staff import archive_commands

OPERATOR = "manage.py"
PAYMENT = ("amount", "reference", "paid_until")


class Command(BaseCommand):
    help = (
        "List tenants; create, suspend, resume, archive, delete, keep or revive one; export it to a "
        "file, import or restore one from a file; name orphans."
    )

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
        create = actions.add_parser("create", help="open a workspace that nobody bought online")
        for name in ("organization", "subdomain", "email", "first-name", "last-name"):
            create.add_argument(f"--{name}", required=True)
        create.add_argument("--plan", default="", help="a plan's code")
        create.add_argument("--paid-until", help="2026-12-31: closed after that day if unpaid")
        create.add_argument("--amount", type=int, help="what was paid for that, in cents")
        create.add_argument("--reference", help="by which the payment is found")
        archive = actions.add_parser("archive", help="end the subscription, then close the door")
        archive.add_argument("tenant", help="subdomain or schema")
        archive.add_argument(
            "--drop", action="store_true", help="then store it, and drop its schema"
        )
        delete = actions.add_parser("delete", help="suspend it now, and erase all of it in a week")
        delete.add_argument("tenant", help="subdomain or schema")
        keep = actions.add_parser(
            "keep", help="undo an archive or a deletion while that can be done"
        )
        keep.add_argument("tenant", help="subdomain or schema")
        revive = actions.add_parser("revive", help="bring one back whose schema is dropped")
        revive.add_argument("tenant", help="subdomain or schema")
        revive.add_argument(
            "--as", dest="label", default="", help="its subdomain, where the old one is freed"
        )
        archive_commands.add_arguments(actions)
        actions.add_parser("orphans", help="schemas, rows and domains that belong to nobody")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(options)
        elif options["action"] == "create":
            self._create(options)
        elif options["action"] == "archive":
            self._archive(_named(options["tenant"]), drop=options["drop"])
        elif options["action"] in {"delete", "keep", "revive"}:
            self._leave(_named(options["tenant"]), options)
        elif options["action"] in archive_commands.ACTIONS:
            self.stdout.write(archive_commands.handle(options))
        elif options["action"] == "orphans":
            self.stdout.write("\n".join(orphans.find().lines) or "no orphans")
        elif options["action"] == "suspend":
            tenant = _named(options["tenant"])
            suspension.hold(tenant=tenant, reason=options["reason"], by=OPERATOR)
            detail = {"reason": options["reason"]}
            audit.record(actor=OPERATOR, action="tenant.suspended", target=tenant, detail=detail)
            self.stdout.write(f"suspended {tenant.schema_name}")
        else:
            tenant = _named(options["tenant"])
            access.resume(tenant=tenant, by=OPERATOR)
            audit.record(actor=OPERATOR, action="tenant.resumed", target=tenant)
            self.stdout.write(f"resumed {tenant.schema_name}")

    def _create(self, options: dict[str, Any]) -> None:
        payment = _payment(options)
        names = [field.name for field in fields(Opening) if field.name in options]
        opening = Opening(**{name: options[name] for name in names})
        try:
            tenant = manual_mode.open_tenant(opening=opening, by=OPERATOR)
        except errors.Problem as refusal:
            raise CommandError(_told(refusal)) from refusal
        if payment:
            manual_mode.record_payment(
                tenant=tenant, currency=settings.STRIPE.currency, by=OPERATOR, **payment
            )
        audit.record(actor=OPERATOR, action="tenant.opened", target=tenant)
        self.stdout.write(f"created {tenant.schema_name} {domains.url_of(tenant)}")

    def _archive(self, tenant: Tenant, *, drop: bool) -> None:
        try:
            archiving.archive(tenant=tenant, by=OPERATOR)
        except archiving.NotArchived as refusal:
            raise CommandError(str(refusal)) from refusal
        audit.record(actor=OPERATOR, action="tenant.archived", target=tenant)
        if drop:
            departures.plan_archive(tenant=tenant, begins_at=clock.now(), by=OPERATOR)
        self.stdout.write(f"archived {tenant.schema_name}")

    def _leave(self, tenant: Tenant, options: dict[str, Any]) -> None:
        if options["action"] == "delete":
            self._delete(tenant)
        elif options["action"] == "keep":
            self._keep(tenant)
        else:
            self._revive(tenant, label=options["label"])

    def _delete(self, tenant: Tenant) -> None:
        departure = departures.request_erasure(tenant=tenant, by=OPERATOR)
        audit.record(actor=OPERATOR, action="tenant.deletion_asked", target=tenant)
        self.stdout.write(f"{tenant.schema_name} is erased at {departure.begins_at.isoformat()}")

    def _keep(self, tenant: Tenant) -> None:
        try:
            departures.undo(tenant=tenant, by=OPERATOR)
        except errors.Problem as refusal:
            raise CommandError(_told(refusal)) from refusal
        audit.record(actor=OPERATOR, action="tenant.kept", target=tenant)
        self.stdout.write(f"kept {tenant.schema_name}")

    def _revive(self, tenant: Tenant, *, label: str) -> None:
        try:
            reactivation.revive(tenant, label=label, by=OPERATOR)
        except errors.Problem as refusal:
            raise CommandError(_told(refusal)) from refusal
        except reactivation.FAILURES as failure:
            raise CommandError(str(failure)) from failure
        audit.record(actor=OPERATOR, action="tenant.revived", target=tenant)
        tenant.refresh_from_db()
        self.stdout.write(f"revived {tenant.schema_name} {domains.url_of(tenant)}")

    def _list(self, options: dict[str, Any]) -> None:
        tenants = Tenant.objects.with_status().order_by("created_at")
        if options["status"]:
            tenants = tenants.filter(state=options["status"])
        newest = _newest_subscriptions()
        rows = [
            _row(tenant, newest.get(tenant.pk))
            for tenant in tenants.prefetch_related("domains").select_related("signup")
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write(
                f"{row['schema']}  {row['status']:<12}  {row['subdomain']:<40}  {row['name']}"
            )


def _subdomain(tenant: Tenant) -> str:
    """Return the present label, whichever address is the first; without a query of its own."""
    present = [each for each in tenant.domains.all() if each.retires_at is None]
    labels = [domains.label_of(each.domain) for each in present]
    return next(filter(None, labels), "")


def _named(name: str) -> Tenant:
    tenant = named(name)
    if tenant is None:
        raise CommandError(f"No tenant has the subdomain or schema {name!r}.")
    return tenant


def _payment(options: dict[str, Any]) -> dict[str, Any]:
    """Return the payment that was named, whole, or nothing: a half would be a false record."""
    given = {name: options[name] for name in PAYMENT if options[name] is not None}
    if not given:
        return {}
    if missing := [f"--{name.replace('_', '-')}" for name in PAYMENT if name not in given]:
        raise CommandError(f"A payment needs {' and '.join(missing)}, too. Nothing was created.")
    if given["amount"] < 0:
        raise CommandError("--amount is in cents, and at least 0: time that you give away.")
    return {**given, "paid_until": _end_of(given["paid_until"])}


def _end_of(day: str) -> datetime:
    try:
        return manual_mode.end_of(date.fromisoformat(day))
    except ValueError as error:
        raise CommandError(f"{day!r} is no day: write it as 2026-12-31.") from error


def _told(refusal: errors.Problem) -> str:
    by_field = [f"{name}: {' '.join(said)}" for name, said in refusal.errors.items()]
    return "; ".join(by_field) or refusal.detail


def _newest_subscriptions() -> dict[int, Subscription]:
    subscriptions = Subscription.objects.filter(tenant__isnull=False).select_related("plan")
    return {each.tenant_id or 0: each for each in subscriptions.order_by("created_at")}


def _row(tenant: Tenant, subscription: Subscription | None) -> dict[str, Any]:
    primary = next((each.domain for each in tenant.domains.all() if each.is_primary), "")
    plan = subscription.plan if subscription else None
    signup = getattr(tenant, "signup", None)
    return {
        "schema": tenant.schema_name,
        "name": tenant.name,
        "subdomain": _subdomain(tenant),
        "primary_domain": primary,
        "owner_email": tenant.owner_email,
        "status": tenant.status.value,
        "plan": plan.code if plan else (signup.plan if signup else None) or None,
        "subscription_status": subscription.status if subscription else None,
        "created_at": tenant.created_at,
    }
