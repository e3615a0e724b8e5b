"""A vault as plain as can be: each tenant's rows in one file of a folder."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from public_apps.tenants.models import Tenant

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"


class FolderVault:
    """Keeps what `COPY` gives of each table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def store(self, tenant: Tenant) -> str:
        """Write a tenant's rows beside, then under its name."""
        kept = self.folder / f"{tenant.schema_name}.rows"
        beside = kept.with_suffix(".part")
        with connection.cursor() as cursor, beside.open("wb") as file:
            cursor.execute(TABLES, [tenant.schema_name])
            for (table,) in cursor.fetchall():
                file.write(f"--- {table}\n".encode())
                with cursor.copy(f'COPY "{tenant.schema_name}"."{table}" TO STDOUT') as rows:
                    for row in rows:
                        file.write(row)
        beside.rename(kept)
        return str(kept)

    def forget(self, tenant: Tenant) -> int:
        """Delete whatever is there of a tenant."""
        found = list(self.folder.glob(f"{tenant.schema_name}.*"))
        for each in found:
            each.unlink(missing_ok=True)
        return len(found)
