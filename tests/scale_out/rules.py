"""What a tenant's schema must keep to live whole on a worker node of Citus (docs/scale-out.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlparse
from django.db import connection

# Made with small keys by Django and allauth, who alone may change them. Citus bears these since 12.0
# as long as rows come in by its coordinator (citusdata/citus, pull request 7008).
SMALL_BY_OTHERS = (
    "django_content_type", "auth_permission", "auth_group", "account_emailaddress",
    "account_emailconfirmation",
)  # fmt: skip
CATALOGUE = {
    "a foreign key leads out of the schema": """
        SELECT conrelid::regclass || ' → ' || confrelid::regclass FROM pg_constraint
        JOIN pg_class other ON other.oid = confrelid
        WHERE contype = 'f' AND connamespace = %(schema)s::regnamespace
            AND other.relnamespace <> connamespace""",
    "a key that counts is not big": """
        SELECT attrelid::regclass || '.' || attname FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = %(schema)s::regnamespace
        WHERE attidentity <> '' AND atttypid <> 'bigint'::regtype
            AND relname <> ALL (%(small_by_others)s)""",
    "a number comes from a sequence that is nobody's identity": """
        SELECT adrelid::regclass::text FROM pg_attrdef
        JOIN pg_class ON pg_class.oid = adrelid AND relnamespace = %(schema)s::regnamespace
        WHERE pg_get_expr(adbin, adrelid) LIKE '%%nextval(%%'""",
    "a trigger": """
        SELECT tgname || ' on ' || tgrelid::regclass FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid AND relnamespace = %(schema)s::regnamespace
        WHERE NOT tgisinternal""",
    "a function": """
        SELECT proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace""",
    "a table without a primary key": """
        SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'
            AND relnamespace = %(schema)s::regnamespace AND NOT EXISTS (
                SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p')""",
}
STATEMENTS = {
    "tables made where Citus can't see it": re.compile(r"^\s*DO\b|\bplpgsql\b", re.IGNORECASE),
    "an identity that comes later": re.compile(
        r"\bALTER\s+COLUMN\b.*\bADD\s+GENERATED\b", re.IGNORECASE | re.DOTALL
    ),
}


def broken(schema_name: str, statements: Iterable[str]) -> list[str]:
    """Return which rules a schema breaks, or the statements that made it do; none is good."""
    return [*_in_catalogue(schema_name), *_in(statements)]


def _in_catalogue(schema_name: str) -> Iterable[str]:
    with connection.cursor() as cursor:
        for rule, query in CATALOGUE.items():
            cursor.execute(query, {"schema": schema_name, "small_by_others": [*SMALL_BY_OTHERS]})
            yield from (f"{rule}: {what}" for (what,) in cursor.fetchall())


def _in(statements: Iterable[str]) -> Iterable[str]:
    for statement in statements:
        if sum(_does_something(part) for part in sqlparse.split(statement)) > 1:
            yield f"several statements at once: {statement[:80]}"
        for rule, pattern in STATEMENTS.items():
            if pattern.search(statement):
                yield f"{rule}: {statement[:80]}"


def _does_something(statement: str) -> bool:
    """Whether this is a statement of its own: Django has constraints checked in the same breath."""
    return bool(statement.strip()) and not statement.lstrip().startswith("SET CONSTRAINTS")
