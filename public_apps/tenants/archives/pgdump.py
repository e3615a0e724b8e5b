"""PostgreSQL's own `pg_dump`: found, of the right major, and read as it writes."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from psycopg import pq

PIECE = 256 * 1024
LONGEST_SILENCE = 600.0  # seconds: a dump that waits for a server that stands still ends, too


class NoDump(Exception):
    """No dump can be made here; the message says why and what would help."""


def program() -> str:
    """Return the path of `pg_dump`. Raises `NoDump` if there is none."""
    named: str = settings.PG_DUMP
    found = shutil.which(named or "pg_dump")
    if found is None:
        raise NoDump("pg_dump is not here: install PostgreSQL's client programs, or set PG_DUMP.")
    return found


def major_of(path: str) -> int:
    """Return the major version of a `pg_dump`."""
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"\) (\d+)", answer.stdout)
    if version is None:
        raise NoDump(f"{path} does not tell its version.")
    return int(version[1])


def fitting(server_major: int) -> str:
    """Return the `pg_dump` for a server; it reads its own major and older ones. Raises `NoDump`."""
    path = program()
    if major_of(path) < server_major:
        raise NoDump(
            f"{path} is of PostgreSQL {major_of(path)}, the server of {server_major}: "
            "set PG_DUMP to one of the server's major or newer."
        )
    return path


def dump(
    connection: Any, schema_name: str, *, snapshot: str, without_rows: Iterable[str]
) -> Iterator[bytes]:
    """Yield the dump of a schema as another session sees it, for `pg_restore`. Raises `NoDump`."""
    command = [
        fitting(connection.info.server_version // 10_000),
        "--format=custom", "--no-owner", "--no-privileges", "--no-password",
        f"--schema={schema_name}", f"--snapshot={snapshot}",
        *(f"--exclude-table-data={schema_name}.{table}" for table in without_rows),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, bufsize=0, stdout=subprocess.PIPE, stderr=said, env=_environ(connection)
        ) as process:
            assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
            try:
                while piece := _next_piece(process):
                    yield piece
            finally:
                if process.poll() is None and not process.stdout.closed:
                    process.stdout.close()  # it ends by itself once nobody reads
        if process.returncode:
            said.seek(0)
            raise NoDump(f"pg_dump failed: {said.read(2000).decode(errors='replace').strip()}")


def _next_piece(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
    ready, _writable, _odd = select.select([process.stdout], [], [], LONGEST_SILENCE)
    if not ready:
        process.kill()
        raise NoDump(f"pg_dump wrote nothing for {LONGEST_SILENCE:.0f} s.")
    return process.stdout.read(PIECE)


def _environ(connection: Any) -> dict[str, str]:
    """Return how to reach the same database; a password in the arguments would be seen by all.

    Whatever the connection was told, libpq has a variable for: sockets, certificates, `options`.
    """
    info = connection.info
    told = {
        **info.get_parameters(),
        # Of several hosts the one that answered: the snapshot is there.
        "host": info.host,
        "port": str(info.port),
        "user": info.user,
        "password": info.password,
        "dbname": info.dbname,
    }
    passed = {
        option.envvar.decode(): told[option.keyword.decode()]
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.keyword.decode() in told
    }
    here = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return {"PATH": os.defpath, **here, **passed}
