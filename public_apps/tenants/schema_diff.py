"""Whether tenants' schemas have the shape that they should have: found and told, never touched.

Migrations tell what was run, not what stands: somebody may have dropped a column by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.apps import apps
from django.conf import settings
from django.db import connection

from public_apps.tenants.rollout import inspection

MOST_TOLD = 3  # of one tenant; more only repeats it
# Each line of a schema's shape: its columns, its indexes, its constraints. Names are Django's, and
# the same in every tenant; what belongs to a tenant alone, as a default's schema, is left out.
SHAPES = """
    WITH wanted AS (
        SELECT oid, nspname::text AS name FROM pg_namespace WHERE nspname = ANY(%s)
    ), line AS (
        SELECT w.name, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END AS said
        FROM wanted w JOIN pg_class c ON c.relnamespace = w.oid AND c.relkind IN ('r', 'p')
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT w.name, 'index ' || c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
        FROM wanted w JOIN pg_class c ON c.relnamespace = w.oid AND c.relkind = 'i'
        JOIN pg_index i ON i.indexrelid = c.oid
        UNION ALL
        SELECT w.name, 'constraint ' || conname || CASE WHEN convalidated THEN '' ELSE ' not valid' END
        FROM wanted w JOIN pg_constraint ON connamespace = w.oid AND contype <> 'n'
        UNION ALL
        SELECT w.name, 'trigger ' || tgname
        FROM wanted w JOIN pg_class c ON c.relnamespace = w.oid
        JOIN pg_trigger ON tgrelid = c.oid AND NOT tgisinternal
    )
"""
DIGESTS = f"""{SHAPES}
    SELECT name, md5(string_agg(said, ',' ORDER BY said COLLATE "C")) FROM line GROUP BY 1"""  # noqa: S608 - all our own
LINES = f"{SHAPES} SELECT said FROM line"  # noqa: S608 - all our own
COLUMNS = """
    SELECT c.relname || '.' || a.attname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = %s"""


def find() -> dict[str, str]:
    """Return what is odd about each tenant at head whose schema differs, by its name.

    At most three queries for the whole fleet, and one more for each shape that is not most tenants'. The
    shape that most tenants have is held against the models; the others against that.
    """
    shapes = _by_shape(_at_head())
    if not shapes:
        return {}
    usual, *others = shapes
    found = {}
    if odd := _against_models(usual[0]):
        found.update(dict.fromkeys(usual, odd))
    norm = _lines(usual[0]) if others else set()
    for schema_names in others:
        odd = _differences(_lines(schema_names[0]), norm)
        found.update(dict.fromkeys(schema_names, odd))
    return found


def _at_head() -> list[str]:
    """Return the schemas that should look alike; those behind or ahead are a release's business."""
    late = inspection.take()
    built = inspection.in_fleet().exclude(schema_name__in=[*late.order, *late.ahead, *late.broken])
    return list(built.order_by("pk").values_list("schema_name", flat=True))


def _by_shape(schema_names: Sequence[str]) -> list[list[str]]:
    """Return the schemas of each shape, the most common first."""
    with connection.cursor() as cursor:
        cursor.execute(DIGESTS, [list(schema_names)])
        digests: dict[str, str] = dict(cursor.fetchall())
    usual = [digest for digest, _number in Counter(digests.values()).most_common()]
    return [[name for name in schema_names if digests.get(name) == digest] for digest in usual]


def _against_models(schema_name: str) -> str:
    """Say which tables and columns of the code's a schema lacks, if any."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [schema_name])
        there = {column for (column,) in cursor.fetchall()}
    return _told("lacks", columns_of_models() - there)


def columns_of_models() -> set[str]:
    """Return `table.column` for all that this code reads and writes in a tenant's schema."""
    return {
        f"{model._meta.db_table}.{field.column}"
        for config in apps.get_app_configs()
        if config.name in settings.TENANT_APPS
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
    }


def _differences(here: set[str], norm: set[str]) -> str:
    parts = [_told("lacks", norm - here), _told("has besides", here - norm)]
    return "; ".join(part for part in parts if part)


def _lines(schema_name: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(LINES, [[schema_name]])
        return {said for (said,) in cursor.fetchall()}


def _told(verb: str, what: Iterable[str]) -> str:
    names = sorted(what)
    if not names:
        return ""
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return f"{verb} {', '.join(names[:MOST_TOLD])}{more}"
