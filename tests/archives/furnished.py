"""A workspace with something of each kind: a building with its year, people, files, and odd words."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants.archives import schema_contents
from tenant_apps.buildings import actions as buildings
from tenant_apps.files import actions as files
from tenant_apps.home import sample
from tests.core.web_stack import Workspace

ODD = '"Ήλιος", \\N \\.\nErmou;\tDROP SCHEMA public CASCADE; --'


def furnish(workspace: Workspace) -> None:
    """Fill a workspace by the verbs that people use."""
    with inside(workspace.tenant.schema_name):
        owner = User.objects.get(email=workspace.owner)
        sample.fill(tenant=workspace.tenant, by=owner)
        buildings.add_building(name="Ήλιος", address="Ermou 1", notes=ODD)
        for number in range(3):
            data = f"year;amount\n2025;{number}\n".encode() * 2000
            files.keep(SimpleUploadedFile(f"λογαριασμός {number}.csv", data), by=owner)


def contents_of(schema_name: str) -> dict[str, str]:
    """Return each table's sum, but for what archives withhold."""
    sums: dict[str, str] = {}
    with connection.cursor() as cursor:
        schema_contents.speak_plainly(cursor)
        for table in schema_contents.tables_of(cursor, schema_name):
            digest = hashlib.sha256()
            for piece in schema_contents.copied(cursor, table.copy_out(table.column_names)):
                digest.update(piece)
            sums[table.name] = digest.hexdigest()
    return sums


def members(path: Path, folder: str) -> dict[str, bytes]:
    """Return what lies in one folder of an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith(folder)}


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Ask the database."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
