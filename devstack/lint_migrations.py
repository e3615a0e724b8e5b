"""A check of bin/test: whether the code of before can live with what each migration does.

django-migration-linter judges the SQL; docs/decisions/migration-linter.md tells what is ours and why.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

import django
from django.apps import apps
from django.conf import settings
from django_migration_linter.migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from devstack.processes import ROOT

BEFORE_THE_FIRST_RELEASE = "no code of before ran when it was written"
# Whoever adds a line here says why no release is running that it could break.
ACCEPTED = {
    ("billing", "0004_by_hand"): BEFORE_THE_FIRST_RELEASE,
    ("billing", "0005_price_charged"): BEFORE_THE_FIRST_RELEASE,
    ("billing", "0007_refunds_and_bank"): BEFORE_THE_FIRST_RELEASE,
    ("billing", "0008_incident_subjects"): BEFORE_THE_FIRST_RELEASE,
    ("billing", "0013_manual_payment_numbers"): "unique where not empty; old code leaves it empty",
    ("core", "0002_cache_table"): BEFORE_THE_FIRST_RELEASE,
    ("finances", "0003_reserve"): BEFORE_THE_FIRST_RELEASE,
    ("onboarding", "0002_by_hand"): BEFORE_THE_FIRST_RELEASE,
    ("tenants", "0007_revived"): BEFORE_THE_FIRST_RELEASE,
}
PUBLIC = "public"
# It need not exist: the router asks whether it is public, to tell which apps have tables in it.
A_TENANT = "t_" + "0" * 24
ADDED = re.compile(r'ALTER TABLE "([^"]+)" ADD COLUMN "([^"]+)" (.*)')
DEFAULT_DROPPED = re.compile(r'ALTER TABLE "([^"]+)" ALTER COLUMN "([^"]+)" DROP DEFAULT')
MADE_NOT_NULL = re.compile(r'ALTER TABLE "([^"]+)" ALTER COLUMN .*SET NOT NULL')
CHECK_ADDED = re.compile(r'ALTER TABLE "([^"]+)" ADD CONSTRAINT "[^"]+" CHECK (.*)')


def _new_tables(statements: Iterable[str]) -> set[str]:
    found = (re.match(r'CREATE TABLE "([^"]+)"', each) for each in statements)
    return {match[1] for match in found if match}


def needs_a_value(statements: list[str], **_: Any) -> bool:
    """Whether a row that does not name a column, or leaves it empty, is refused from now on."""
    added: dict[tuple[str, str], str] = {}
    refused: set[str] = set()
    for statement in statements:
        if match := ADDED.match(statement):
            table, column, kind = match.groups()
            added[table, column] = kind
            if "NOT NULL" in kind and not re.search("DEFAULT|GENERATED", kind):
                refused.add(table)
        elif match := DEFAULT_DROPPED.match(statement):
            if "NOT NULL" in added.get((match[1], match[2]), ""):
                refused.add(match[1])
        elif match := MADE_NOT_NULL.match(statement):
            refused.add(match[1])
    return bool(refused - _new_tables(statements))


def checks_old_columns(statements: list[str], **_: Any) -> bool:
    """Whether a constraint looks at columns alone that the code of before writes, too."""
    new_tables = _new_tables(statements)
    added = {(match[1], match[2]) for each in statements if (match := ADDED.match(each))}
    for statement in statements:
        if (match := CHECK_ADDED.match(statement)) and match[1] not in new_tables:
            named = {(match[1], column) for column in re.findall(r'"([^"]+)"', match[2])}
            if not named & added:
                return True
    return False


class ColumnByColumn(PostgresqlAnalyser):
    """The tool's rules, but each column is judged by itself, and checks are judged, too."""

    migration_checks: ClassVar[list[Check]] = [  # type: ignore[misc]  # of the class, until __init__
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="NOT_NULL",
            fn=needs_a_value,
            message="NOT NULL without a default in the database",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
        Check(
            code="ADD_CHECK",
            fn=checks_old_columns,
            message="ADDING a check on columns that old code writes",
            mode=CheckMode.TRANSACTION,
            type=CheckType.ERROR,
        ),
    ]


def labels_of(installed: Collection[str]) -> set[str]:
    """Return our own apps among those that live in one kind of schema."""
    return {
        config.label
        for config in apps.get_app_configs()
        if config.name in installed and (ROOT / config.name.partition(".")[0]).is_dir()
    }


def bad_ones(labels: Collection[str], *, schema_name: str) -> int:
    """Print what old code could not live with in these apps' migrations; return how many there are."""
    from public_apps.core.schema_context import inside  # models come after settings

    with inside(schema_name):
        linter = MigrationLinter(no_cache=True, quiet=("ok", "ignore", "warning"))
        linter.sql_analyser_class = ColumnByColumn
        for key, migration in sorted(linter.migration_loader.disk_migrations.items()):
            if key[0] in labels and key not in ACCEPTED:
                linter.lint_migration(migration)
    return linter.nb_erroneous


def main() -> int:
    """Judge every migration of ours where it has tables; return the exit code."""
    django.setup()
    logging.getLogger("django_migration_linter").setLevel(logging.WARNING)
    in_tenants = labels_of(settings.TENANT_APPS)
    bad = bad_ones(in_tenants, schema_name=A_TENANT)
    bad += bad_ones(labels_of(settings.SHARED_APPS) - in_tenants, schema_name=PUBLIC)
    if bad:
        sys.stdout.write("docs/migrations.md tells how to do this in two releases.\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
