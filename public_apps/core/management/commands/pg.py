"""`manage.py pg PROGRAM …`: PostgreSQL's own programs at our database, without its password in `ps`."""

from __future__ import annotations

import os
import shutil
from argparse import REMAINDER, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

PROGRAMS = ("psql", "pg_dump", "pg_restore", "createdb", "dropdb", "pg_isready")
NAMES = {
    "HOST": "PGHOST",
    "PORT": "PGPORT",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "NAME": "PGDATABASE",
}
OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


class Command(BaseCommand):
    help = (
        "Run one of PostgreSQL's programs at the database of DATABASE_URL; what follows its name is for "
        "it. It goes by libpq's variables: nobody reads its password in the list of processes."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", choices=PROGRAMS)
        parser.add_argument("arguments", nargs=REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        path = _path_of(options["program"])
        environ = {**os.environ, **libpq_variables(connection.settings_dict)}
        os.execve(path, [path, *options["arguments"]], environ)  # noqa: S606 - without a shell


def libpq_variables(database: dict[str, Any]) -> dict[str, str]:
    """Return how libpq reaches a database of Django's settings."""
    given = {variable: str(database.get(name) or "") for name, variable in NAMES.items()}
    known = database.get("OPTIONS") or {}
    given |= {f"PG{name.upper()}": str(known[name]) for name in OPTIONS if name in known}
    return {variable: value for variable, value in given.items() if value}


def _path_of(program: str) -> str:
    """Return where the program is: beside PG_DUMP, if that names a path, or else on PATH."""
    beside = Path(settings.PG_DUMP).parent / program if "/" in settings.PG_DUMP else None
    found = shutil.which(str(beside)) if beside else None
    found = found or shutil.which(program)
    if found is None:
        raise CommandError(
            f"{program} is not here: install PostgreSQL's client programs, or set PG_DUMP."
        )
    return found
