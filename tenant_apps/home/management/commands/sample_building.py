"""`manage.py sample_building`: fill a workspace with the sample building, or remove it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from public_apps.accounts.models import Role, User
from public_apps.core.errors import Problem
from public_apps.core.schema_context import inside
from public_apps.tenants.lookup import named
from tenant_apps.home import sample


class Command(BaseCommand):
    help = "Fill a workspace with the sample building: 24 apartments, a year of months."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="subdomain or schema")
        parser.add_argument("--remove", action="store_true", help="remove it instead")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = named(options["tenant"])
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']}.")
        with inside(tenant.schema_name):
            owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
            if owner is None:
                raise CommandError(f"{tenant} has no owner yet.")
            try:
                if options["remove"]:
                    sample.clear(by=owner)
                else:
                    sample.fill(tenant=tenant, by=owner)
            except Problem as refusal:
                raise CommandError(refusal.detail) from refusal
        self.stdout.write("Removed." if options["remove"] else "The sample building is there.")
