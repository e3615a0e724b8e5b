"""The tables that owners take along to read: nothing that somebody wrote runs in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection

from public_apps.tenants.archives import schema_contents

WRITTEN = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "Ελένη", "a=1", ""]


@pytest.mark.usefixtures("db")
def test_nothing_that_somebody_wrote_runs_and_what_is_read_back_is_as_it_was() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE written (id int PRIMARY KEY, name varchar(40), cents int)"
        )
        for number, text in enumerate(WRITTEN):
            cursor.execute("INSERT INTO written VALUES (%s, %s, -5)", [number, text])
        cursor.execute("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
        [table] = schema_contents.tables_of(cursor, cursor.fetchone()[0])
        shown = b"".join(schema_contents.copied(cursor, table.copy_shown()))
        kept = b"".join(schema_contents.copied(cursor, table.copy_out(table.column_names)))
    header, *rows = csv.reader(io.StringIO(shown.decode(), newline=""))
    assert header == ["id", "name", "cents"]
    assert [row[1] for row in rows] == [
        "'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(1)", "'\t=1", "Ελένη", "a=1", "",
    ]  # fmt: skip
    assert {row[2] for row in rows} == {"-5"}, "a number stays one"
    assert b"0\t=HYPERLINK(1)\t-5\n" in kept
