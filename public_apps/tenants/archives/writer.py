"""Writing an archive of a tenant that is in use: one snapshot, streamed, the manifest last."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection
from psycopg import sql

from public_apps.core import clock, database_waits
from public_apps.tenants import domains
from public_apps.tenants.archives import manifest, pgdump, schema_contents
from public_apps.tenants.archives.manifest import Manifest, MemberFacts, TableFacts
from public_apps.tenants.archives.schema_contents import INSTEAD, LEFT_OUT, WITHHELD, Table
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
FILES, FILE_BYTES = "files_storedfile", "files_storedcontent"
# The same for each archive, so that the same data makes the same file.
EPOCH = (1980, 1, 1, 0, 0, 0)
LONGEST_NAME = 100
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Written:
    """An archive that is whole, and what it says of itself."""

    path: Path
    size: int
    manifest: Manifest


def export(
    tenant: Tenant, *, to: Path, credentials: bool = True, progress: Progress | None = None
) -> Written:
    """Write everything of a tenant to a file, as it is at one moment; memory stays the same.

    The file appears when it is whole. Without `credentials`, as customers get it, nobody can sign in
    by what is in it. `progress` hears of parts done and parts in all. Raises `pgdump.NoDump`, and
    `psycopg.Error` when the database is lost.
    """
    told = _told_of(tenant)
    beside = to.with_name(f"{to.name}.part")
    try:
        with _snapshot(tenant.schema_name) as snapshot, zipfile.ZipFile(beside, "x") as archive:
            writer = _Writer(archive, credentials=credentials)
            made = _write(writer, snapshot, told, progress or _unheard)
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
    log.info("exported", schema=tenant.schema_name, bytes=to.stat().st_size)
    return Written(path=to, size=to.stat().st_size, manifest=made)


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    """A session that sees one moment, for as long as it lasts."""

    session: psycopg.Connection[Any]
    cursor: psycopg.Cursor[Any]
    name: str
    tables: list[Table]


class _Writer:
    """Puts members into the archive, and keeps their sums."""

    def __init__(self, archive: zipfile.ZipFile, *, credentials: bool) -> None:
        self._archive = archive
        self.credentials = credentials
        self.members: dict[str, MemberFacts] = {}

    def put(self, name: str, pieces: Iterable[bytes], *, squeeze: bool = True) -> None:
        """Write a member, piece by piece."""
        info = zipfile.ZipInfo(name, date_time=EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        self.members[name] = MemberFacts(size=size, sha256=digest.hexdigest())

    def close(self, made: Manifest) -> None:
        """Write the manifest and its seal."""
        raw = made.to_bytes()
        self.put(manifest.NAME, [raw])
        self.put(manifest.SEAL, [manifest.seal(raw).encode()], squeeze=False)


def _unheard(_done: int, _of: int) -> None:
    """Tell nobody."""


def _told_of(tenant: Tenant) -> dict[str, str]:
    subdomain = domains.subdomain_of(tenant)
    return {
        "identity": str(tenant.identity),
        "name": tenant.name,
        "language": tenant.language,
        "owner_email": tenant.owner_email,
        "subdomain": domains.label_of(subdomain.domain) if subdomain else "",
    }


@contextmanager
def _snapshot(schema_name: str) -> Iterator[_Snapshot]:
    """See one moment, in a session apart: the caller's transaction and search path stay theirs."""
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    with database_waits.Connection.connect(**parameters, autocommit=True) as session:
        tables = schema_contents.tables_of(session.cursor(), schema_name)
        if not tables:
            raise pgdump.NoDump(f"{schema_name} holds nothing that could be exported.")
        with session.transaction(), session.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Before the first look, so that no release changes a table between it and the dump.
            names = sql.SQL(", ").join(table.qualified for table in tables)
            cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
            cursor.execute("SELECT pg_export_snapshot()")
            (name,) = cursor.fetchone() or ("",)
            schema_contents.speak_plainly(cursor)
            tables = schema_contents.tables_of(cursor, schema_name)
            yield _Snapshot(session=session, cursor=cursor, name=name, tables=tables)


def _write(
    writer: _Writer, snapshot: _Snapshot, told: dict[str, str], progress: Progress
) -> Manifest:
    of = len(snapshot.tables) + 2
    schema_name = snapshot.tables[0].schema_name
    # `pg_dump` gives a table's rows as they are or not at all.
    withheld = WITHHELD if writer.credentials else WITHHELD | LEFT_OUT | INSTEAD.keys()
    dump = pgdump.dump(
        snapshot.session, schema_name, snapshot=snapshot.name, without_rows=sorted(withheld)
    )
    writer.put(manifest.DUMP, dump, squeeze=False)  # squeezed by itself
    progress(1, of)
    facts = []
    for number, table in enumerate(snapshot.tables, start=2):
        facts.append(_write_table(writer, snapshot.cursor, table))
        progress(number, of)
    _write_files(writer, snapshot)
    snapshot.cursor.execute(
        sql.SQL("SELECT app, name FROM {} ORDER BY id").format(
            sql.Identifier(schema_name, "django_migrations")
        )
    )
    made = Manifest(
        format=manifest.FORMAT,
        app=settings.APP_VERSION,
        made_at=clock.now().isoformat(),
        postgres=snapshot.session.info.server_version // 10_000,
        schema=schema_name,
        tenant=told,
        migrations=tuple((app, name) for app, name in snapshot.cursor.fetchall()),
        tables=tuple(facts),
        credentials=writer.credentials,
        members=dict(writer.members),
    )
    writer.close(made)
    progress(of, of)
    return made


def _write_table(writer: _Writer, cursor: Any, table: Table) -> TableFacts:
    """Write a table twice: to be read back, and as a CSV for people."""
    columns = table.column_names
    whole = table.copy_out(columns, credentials=writer.credentials)
    writer.put(f"data/{table.name}.copy", schema_contents.copied(cursor, whole))
    rows = cursor.rowcount
    shown = schema_contents.copied(cursor, table.copy_shown())
    writer.put(f"tables/{table.name}.csv", shown)
    # The sequence is asked last: it has gone at least as far as the rows.
    last = schema_contents.last_number(cursor, table)
    return TableFacts(name=table.name, columns=columns, rows=rows, last=last)


def _write_files(writer: _Writer, snapshot: _Snapshot) -> None:
    """Write each upload as the file that it was."""
    names = {table.name for table in snapshot.tables}
    if not {FILES, FILE_BYTES} <= names:
        return
    schema_name = snapshot.tables[0].schema_name
    listing = sql.SQL("SELECT id, name FROM {} ORDER BY id").format(
        sql.Identifier(schema_name, FILES)
    )
    content = sql.SQL("SELECT data FROM {} WHERE file_id = %s").format(
        sql.Identifier(schema_name, FILE_BYTES)
    )
    with (
        snapshot.session.cursor(name="uploads") as listed,
        snapshot.session.cursor(binary=True) as one,
    ):
        for key, name in listed.execute(listing):
            row = one.execute(content, [key]).fetchone()
            if row is not None:
                writer.put(f"files/{key}-{_plain(name)}", [bytes(row[0])])


def _plain(name: str) -> str:
    """Return a name that is one for every file system, its ending kept."""
    return re.sub(r"[^\w.() -]", "_", name)[-LONGEST_NAME:].strip(". ") or "file"
