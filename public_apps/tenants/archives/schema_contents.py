"""What a schema holds, asked of the catalogue, and what of it is for whose eyes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

# Whoever has these can act for somebody: they are in our own archives' dump and `data/`, never in a
# CSV, and nowhere in what a customer takes along.
SECRETS: dict[str, frozenset[str]] = {
    "account_emailconfirmation": frozenset({"key"}),
    "accounts_apikey": frozenset({"digest"}),
    "accounts_invitation": frozenset({"nonce"}),
    "accounts_user": frozenset({"password"}),
    "mfa_authenticator": frozenset({"data"}),
}
# Nobody stays signed in by an archive: what was ended meanwhile would live again.
WITHHELD = frozenset({"django_session", "usersessions_usersession"})
# What a customer's archive has in the place of a secret whose row is needed, as SQL: no password
# matches, and no link that was mailed before works.
INSTEAD: dict[str, dict[str, str]] = {
    "accounts_user": {"password": "'!'"},
    "accounts_invitation": {"nonce": "'00000000-0000-0000-0000-000000000000'::uuid"},
}
# All other rows that hold a secret are left out there, but for what their CSV shows.
LEFT_OUT = frozenset(SECRETS.keys() - INSTEAD.keys())
# A value's text depends on these, and archives are compared by their bytes.
FORMATS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
COLUMNS = """
    SELECT c.relname, a.attname, a.attcollation <> 0, a.atttypid = 'bytea'::regtype,
        coalesce(a.attnum = ANY(i.indkey), false), a.attidentity <> ''
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
        AND c.relkind IN ('r', 'p') AND a.attgenerated = ''
    ORDER BY c.relname COLLATE "C", a.attnum"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `is_text` says that a collation would decide its order."""

    name: str
    is_text: bool
    is_bytes: bool
    in_key: bool
    is_identity: bool


# What people open in a spreadsheet must not run there: `=HYPERLINK(…)` as somebody's name.
HARMLESS = sql.SQL("CASE WHEN {0} ~ E'^[=+@\\t\\r-]' THEN '''' || {0} ELSE {0} END AS {0}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of one schema."""

    schema_name: str
    name: str
    columns: tuple[Column, ...]

    @property
    def identity(self) -> str | None:
        """Return the column that a sequence numbers, if there is one."""
        return next((each.name for each in self.columns if each.is_identity), None)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return all columns, in their order."""
        return tuple(each.name for each in self.columns)

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the columns of its CSV: no secrets, and no files, which lie beside it."""
        secrets = SECRETS.get(self.name, frozenset())
        return tuple(
            each.name for each in self.columns if each.name not in secrets and not each.is_bytes
        )

    @property
    def qualified(self) -> sql.Identifier:
        """Return its name, quoted."""
        return sql.Identifier(self.schema_name, self.name)

    def copy_out(self, columns: Sequence[str], *, credentials: bool = True) -> sql.Composed:
        """Return the statement that gives these columns of all rows, always in the same order.

        Without `credentials` it gives nothing by which somebody could act for another.
        """
        withheld = WITHHELD if credentials else WITHHELD | LEFT_OUT
        instead = {} if credentials else INSTEAD.get(self.name, {})
        values: list[sql.Composable] = [
            sql.SQL(instead[name]) if name in instead else sql.Identifier(name) for name in columns
        ]
        return self._copy(values, is_empty=self.name in withheld)

    def copy_shown(self) -> sql.Composed:
        """Return the statement that gives its CSV, in the same order."""
        texts = {each.name for each in self.columns if each.is_text}
        return self._copy(
            [
                (HARMLESS if name in texts else sql.SQL("{0}")).format(sql.Identifier(name))
                for name in self.shown
            ],
            is_empty=self.name in WITHHELD,
            options="WITH (FORMAT csv, HEADER)",
        )

    def copy_in(self, columns: Sequence[str]) -> sql.Composed:
        """Return the statement that takes these columns of rows."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        return sql.SQL("COPY {} ({}) FROM STDIN").format(self.qualified, names)

    def _copy(
        self, values: Sequence[sql.Composable], *, is_empty: bool, options: str = ""
    ) -> sql.Composed:
        return sql.SQL("COPY (SELECT {} FROM {} t {} ORDER BY {}) TO STDOUT {}").format(
            sql.SQL(", ").join(values),
            self.qualified,
            sql.SQL("WHERE false" if is_empty else ""),
            self._order(),
            sql.SQL(options),
        )

    def _order(self) -> sql.Composable:
        key = [each for each in self.columns if each.in_key]
        if not key:
            return sql.SQL('t::text COLLATE "C"')
        return sql.SQL(", ").join(
            sql.SQL('{} COLLATE "C"' if each.is_text else "{}").format(sql.Identifier(each.name))
            for each in key
        )


def tables_of(cursor: Any, schema_name: str) -> list[Table]:
    """Return the tables of a schema, by name."""
    cursor.execute(COLUMNS, [schema_name])
    found: dict[str, list[Column]] = {}
    for table, name, is_text, is_bytes, in_key, is_identity in cursor.fetchall():
        column = Column(
            name=name, is_text=is_text, is_bytes=is_bytes, in_key=in_key, is_identity=is_identity
        )
        found.setdefault(table, []).append(column)
    return [
        Table(schema_name=schema_name, name=name, columns=tuple(columns))
        for name, columns in found.items()
    ]


def speak_plainly(cursor: Any) -> None:
    """Let values read the same on every server, until the transaction ends."""
    for name, value in FORMATS.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def copied(cursor: Any, statement: sql.Composed) -> Iterator[bytes]:
    """Yield what a COPY gives, piece by piece."""
    with cursor.copy(statement) as pieces:
        for piece in pieces:
            yield bytes(piece)


def last_number(cursor: Any, table: Table) -> int | None:
    """Return the last number that a table's sequence gave, or None."""
    if table.identity is None:
        return None
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [_quoted(table), table.identity])
    (sequence,) = cursor.fetchone()
    schema_name, _dot, name = str(sequence).replace('"', "").partition(".")
    cursor.execute(
        sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema_name, name))
    )
    value, is_called = cursor.fetchone()
    return int(value) if is_called else None


def number_on(cursor: Any, table: Table, last: int | None) -> None:
    """Let a table's sequence go on behind `last`, and behind every row that is there."""
    if table.identity is None:
        return
    column = sql.Identifier(table.identity)
    cursor.execute(
        sql.SQL(
            "SELECT setval(pg_get_serial_sequence(%s, %s), greatest(max({}), %s::bigint, 1),"
            " coalesce(max({}), %s::bigint) IS NOT NULL) FROM {}"
        ).format(column, column, table.qualified),
        [_quoted(table), table.identity, last, last],
    )


def _quoted(table: Table) -> str:
    return f'"{table.schema_name}"."{table.name}"'
