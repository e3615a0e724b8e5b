"""How much room is left: on disks, and for connections to the database."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from public_apps.core import clock
from public_apps.tenants.models import Installation

GIB = 2**30
MOST_FILLED = 0.8
LEAST_FREE = GIB
MOST_CONNECTIONS = 0.8
SHORT_FOR_SECONDS = 300
_CONNECTIONS = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int
"""


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Connections to the server, of everybody, and how many it takes of roles like ours."""

    used: int
    most: int

    @property
    def is_short(self) -> bool:
        """Whether so many are taken that a release or a busy hour may find none."""
        return self.used > MOST_CONNECTIONS * self.most


def measure() -> None:
    """Note the size of the database: too dear for each scrape, for the server looks at every file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    Installation.objects.update(database_bytes=size, measured_at=clock.now())


def database_bytes() -> int | None:
    """Return the size of the database as it was last measured."""
    size: int | None = Installation.objects.values_list("database_bytes", flat=True).first()
    return size


def disk_bytes() -> int | None:
    """Return the size of the database's disk, which nobody but DATABASE_DISK_GIB can tell."""
    return settings.DATABASE_DISK_GIB * GIB or None


def connections() -> Connections:
    """Count the connections to the server."""
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTIONS)
        used, most = cursor.fetchone()
    return Connections(used=used, most=most)


def places() -> dict[str, Path]:
    """Return the folders of this machine that we fill."""
    found = {"temporary": Path(tempfile.gettempdir())}
    if settings.ARCHIVE_STORE and "://" not in settings.ARCHIVE_STORE:
        found["archives"] = Path(settings.ARCHIVE_STORE)
    return found


def free_bytes() -> dict[str, int]:
    """Return the room that is left in each of our folders that can be asked."""
    return {name: free for name, path in places().items() if (free := _free(path)) is not None}


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:  # not made yet, or another user's: `doctor` tells that
        return None


def disk_filling(now: datetime) -> Mapping[str, list[str]]:
    """The database has filled four fifths of its disk, or a folder of ours is nearly full."""
    lines = [*_database_filling(), *_folders_filling()]
    return {"": lines} if lines else {}


def _database_filling() -> Iterator[str]:
    size, disk = database_bytes(), disk_bytes()
    if size and disk and size > MOST_FILLED * disk:
        yield f"The database has {size / GIB:.1f} of the {disk / GIB:.0f} GiB of DATABASE_DISK_GIB."


def _folders_filling() -> Iterator[str]:
    for name, free in free_bytes().items():
        if free < LEAST_FREE:
            yield f"{places()[name]} ({name}) has {free / GIB:.2f} GiB left."


class ConnectionsShort:
    """Remembers since when connections are short: a busy moment is none of staff's business."""

    __name__ = "connections_short"

    def __init__(self, count: Callable[[], Connections] = connections) -> None:
        self._count = count
        self._since: float | None = None

    def __call__(self, now: datetime) -> Mapping[str, list[str]] | None:
        """Four fifths of all connections have been taken for five minutes."""
        seen = self._count()
        if not seen.is_short:
            self._since = None
            return {}
        self._since = self._since or time.monotonic()
        if time.monotonic() - self._since < SHORT_FOR_SECONDS:
            return None
        return {"": [f"{seen.used} of {seen.most} are taken."]}


connections_short = ConnectionsShort()
