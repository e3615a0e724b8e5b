"""`manage.py migrate_fleet`: the release step. Public first, then every tenant that is behind."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from public_apps.tenants import fleet


class Command(BaseCommand):
    help = "Migrate the shared schema, then every tenant's. Goes on past a bad tenant; exit 1 names it."

    def handle(self, *args: Any, **options: Any) -> None:
        fleet.migrate_public()
        self.stdout.write("migrated public")
        failed = fleet.migrate_tenants(self.stdout.write)
        if failed:
            raise CommandError(f"not at head: {', '.join(failed)}")
